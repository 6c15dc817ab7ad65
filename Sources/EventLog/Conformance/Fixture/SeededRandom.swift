internal import Glibc

/// Random numbers that repeat for a seed (SplitMix64).
public struct SeededRandom: RandomNumberGenerator, Sendable {
  /// What the numbers begin with; a failing law is repeated by it.
  public let seed: UInt64
  private var state: UInt64

  /// Begins at a seed.
  public init(seed: UInt64) {
    self.seed = seed
    state = seed
  }

  /// Begins at `WORDWEAVE_SEED` or at random, and says where, so that a failure can be repeated.
  public static func announced(_ law: String) -> SeededRandom {
    let given = getenv("WORDWEAVE_SEED").flatMap { UInt64(String(cString: $0)) }
    let random = SeededRandom(seed: given ?? .random(in: 0...UInt64(UInt32.max)))
    let line = Array("\(law): WORDWEAVE_SEED=\(random.seed)\n".utf8)
    // Standard error, unbuffered: the seed is known even when the process dies.
    _ = line.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    return random
  }

  /// The next number.
  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &self) }
  mutating func flip(_ oneIn: Int = 2) -> Bool { below(oneIn) == 0 }
}
