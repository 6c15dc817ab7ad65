internal import WeaveRuntime

/// Times of many requests, and what they amount to.
struct Latencies: Sendable {
  private(set) var samples: [Duration] = []
  var errors = 0

  mutating func add(_ sample: Duration) { samples.append(sample) }

  mutating func add(_ other: Latencies) {
    samples += other.samples
    errors += other.errors
  }

  /// The smallest sample that at least `share` of all do not exceed (nearest rank).
  func percentile(_ share: Double) -> Duration {
    let sorted = samples.sorted()
    guard !sorted.isEmpty else { return .zero }
    let rank = Int((share * Double(sorted.count)).rounded(.up))
    return sorted[min(max(rank, 1), sorted.count) - 1]
  }
}
