internal import Measuring

/// Events that every run makes alike: data of a fixed size, a type, two tags; from a seed.
///
/// The data does not compress, so that no store wins by a codec; `isText` makes words of it.
struct Specimen {
  private var random: SplitMix
  private let dataBytes: Int
  private let isText: Bool

  static let authors: UInt64 = 1000
  private static let posts: UInt64 = 100_000
  private static let types = ["PostDrafted", "PostEdited", "PostPublished"].map { Array($0.utf8) }
  private static let pageBytes = 1 << 20

  init(seed: UInt64, dataBytes: Int, isText: Bool = false) {
    random = SplitMix(seed)
    self.dataBytes = dataBytes
    self.isText = isText
  }

  static func author(_ number: UInt64) -> [UInt8] { Array("author:\(number)".utf8) }

  /// A request of so many events.
  mutating func request(_ count: Int) -> [UInt8] {
    Protobuf.framed(
      { bytes in for _ in 0..<count { event(nil, into: &bytes) } },
      reserving: count * (dataBytes + 64)
    )
  }

  /// A request of one event whose data begins with the time it is made at.
  mutating func stamped() -> [UInt8] {
    Protobuf.framed { bytes in event(Clock.now, into: &bytes) }
  }

  private mutating func event(_ stamp: UInt64?, into bytes: inout [UInt8]) {
    let type = Self.types[Int(random.next() % UInt64(Self.types.count))]
    let author = Self.text("author:", random.next() % Self.authors)
    let post = Self.text("post:", random.next() % Self.posts)
    let page = isText ? Self.words : Self.noise
    let start = Int(random.next() % UInt64(Self.pageBytes - dataBytes))
    let dataSize = Self.size(dataBytes)
    let size = Self.size(type.count) + Self.size(author.count) + Self.size(post.count) + dataSize
    bytes.append(1 << 3 | 2)
    Protobuf.varint(UInt64(size), into: &bytes)
    Protobuf.field(1, type, into: &bytes)
    Protobuf.field(2, author, into: &bytes)
    Protobuf.field(2, post, into: &bytes)
    let data = bytes.count + dataSize - dataBytes
    Protobuf.field(3, page[start..<start + dataBytes], into: &bytes)
    guard let stamp else { return }
    for place in 0..<8 { bytes[data + place] = UInt8(truncatingIfNeeded: stamp >> (8 * place)) }
  }

  /// A prefix and a number; interpolation costs more than the rest of an event.
  private static func text(_ prefix: StaticString, _ number: UInt64) -> InlineText {
    InlineText(prefix, number)
  }

  /// Bytes of a field with so much content.
  private static func size(_ content: Int) -> Int { 1 + (content < 128 ? 1 : 2) + content }

  private static let noise: [UInt8] = {
    var random = SplitMix(1)
    return (0..<pageBytes).map { _ in UInt8(truncatingIfNeeded: random.next()) }
  }()

  private static let words: [UInt8] = {
    let words = ["tide ", "moon ", "the ", "of ", "harbour ", "sail ", "and ", "slowly ", "under "]
    var random = SplitMix(1)
    var bytes: [UInt8] = []
    while bytes.count < pageBytes {
      bytes += Array(words[Int(random.next() % UInt64(words.count))].utf8)
    }
    return bytes
  }()
}
