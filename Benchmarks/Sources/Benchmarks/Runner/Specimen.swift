import EventLogCore

/// Events that look like those of a platform.
///
/// A stream per post, an id, a tag, two members of metadata and text that compresses as text
/// does. Made from a seed, so that every run writes the same.
struct Specimen: Sendable {
  private var random: Weyl
  private let dataBytes: Int
  private let streams: [StreamName]
  private var made = 0

  init(seed: UInt64, dataBytes: Int, streams: Int = 64) {
    random = Weyl(seed)
    self.dataBytes = dataBytes
    self.streams = (0..<streams).map { StreamName("post-\(seed)-\($0)") }
  }

  static let types: [EventType] = ["PostDrafted", "PostEdited", "PostPublished"]
  /// Posts are drafted once, edited often, published now and then.
  private static let course = [0, 1, 1, 2, 1, 1, 1, 2]

  mutating func request(_ count: Int) -> AppendRequest {
    // One stream a request: a command changes one post.
    let stream = streams[made % streams.count]
    defer { made += 1 }
    return AppendRequest(to: stream, (0..<count).map { _ in event() })
  }

  mutating func event() -> NewEvent {
    let kind = Self.course[Int(random.next() % UInt64(Self.course.count))]
    return NewEvent(
      id: EventID(high: random.next(), low: random.next() | 1),
      type: Self.types[kind],
      data: text(dataBytes),
      tags: [Tag("author:\(random.next() % 100)")],
      metadata: [
        Metadata.Keys.actor: "user_2a7fhd83kf", Metadata.Keys.correlationID: "01890a5d-ac96-774b",
      ]
    )
  }

  private static let words = [
    "tide ", "moon ", "the ", "of ", "harbour ", "sail ", "and ", "slowly ", "under ", "light ",
    "stone ", "we ", "remember ", "weave ", "thread ", "word ",
  ].map { Array($0.utf8) }

  /// Text to cut pieces from, made once: to make it is no part of what is measured.
  private static let pages: [UInt8] = {
    var random = Weyl(1)
    var bytes: [UInt8] = []
    while bytes.count < 1 << 20 { bytes += words[Int(random.next() % UInt64(words.count))] }
    return bytes
  }()

  private mutating func text(_ count: Int) -> [UInt8] {
    guard count < Self.pages.count else { return Self.pages }
    let start = Int(random.next() % UInt64(Self.pages.count - count))
    return Array(Self.pages[start..<(start + count)])
  }
}

/// SplitMix64: small, fast, the same everywhere.
struct Weyl: RandomNumberGenerator, Sendable {
  private var state: UInt64

  /// The seed is mixed first: neighbouring seeds would otherwise give one sequence, shifted.
  init(_ seed: UInt64) { state = Self.mixed(Self.mixed(seed &+ 0x1234_5678_9ABC_DEF1) ^ seed) }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    return Self.mixed(state)
  }

  private static func mixed(_ value: UInt64) -> UInt64 {
    var mixed = value
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
