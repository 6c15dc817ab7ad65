/// How long calls took.
package struct Latencies: Sendable {
  private var nanoseconds: [UInt64] = []

  package init() {}

  package mutating func add(_ value: UInt64) { nanoseconds.append(value) }

  package mutating func add(_ other: Latencies) { nanoseconds += other.nanoseconds }

  package var count: Int { nanoseconds.count }

  /// Count, and percentiles by the nearest rank in milliseconds, as members of a JSON object.
  package var members: [(String, Double)] {
    let sorted = nanoseconds.sorted()
    func rank(_ percent: Double) -> Double {
      guard !sorted.isEmpty else { return 0 }
      let rank = Int((percent / 100 * Double(sorted.count)).rounded(.up))
      return Double(sorted[min(max(rank, 1), sorted.count) - 1]) / 1e6
    }
    return [
      ("samples", Double(sorted.count)), ("p50", rank(50)), ("p95", rank(95)), ("p99", rank(99)),
      ("max", rank(100)),
    ]
  }
}
