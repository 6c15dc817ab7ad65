internal import Glibc

/// The system's random numbers, asked for in stock: a system call for each costs more than all else
/// that makes an id.
///
/// For ids, which are told to everybody; secrets take the system's own generator.
struct StockedRandom: RandomNumberGenerator {
  /// As many bytes as `getentropy` gives at once.
  static let stockBytes = 256

  private var stock: [UInt64] = []

  /// The next number.
  mutating func next() -> UInt64 {
    if stock.isEmpty { refill() }
    return stock.removeLast()
  }

  private mutating func refill() {
    stock = Array(repeating: 0, count: Self.stockBytes / 8)
    let result = stock.withUnsafeMutableBytes { getentropy($0.baseAddress, $0.count) }
    precondition(result == 0, "the system has no random numbers")
  }
}
