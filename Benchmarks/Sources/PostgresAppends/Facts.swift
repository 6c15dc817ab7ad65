internal import Measuring

/// What all sides write: data that does not compress, a type, two tags; from the client's number.
struct Facts: Sendable {
  /// Another one in every run: streams begin anew, so that their revisions are known.
  let run = Clock.now
  private var random: SplitMix
  private let bytes: Int

  static let type = "PostEdited"
  private static let pageBytes = 1 << 20
  private static let noise: [UInt8] = {
    var random = SplitMix(1)
    return (0..<pageBytes).map { _ in UInt8(truncatingIfNeeded: random.next()) }
  }()

  init(client: Int, bytes: Int) {
    random = SplitMix(UInt64(bitPattern: Int64(client)))
    self.bytes = bytes
  }

  mutating func data() -> [UInt8] {
    let start = Int(random.next() % UInt64(Self.pageBytes - bytes))
    return Array(Self.noise[start..<start + bytes])
  }

  mutating func tags() -> [String] {
    ["author:\(random.next() % 1000)", "post:\(random.next() % 100_000)"]
  }
}
