/// Percentiles of a set of numbers, by the nearest rank.
struct Percentiles: Sendable {
  private let sorted: [Double]

  init(_ values: [Double]) { sorted = values.sorted() }

  /// The least value that `percent` of all do not exceed; 0 without values.
  func value(at percent: Double) -> Double {
    guard !sorted.isEmpty else { return 0 }
    let rank = Int((percent / 100 * Double(sorted.count)).rounded(.up))
    return sorted[min(max(rank, 1), sorted.count) - 1]
  }

  var median: Double { value(at: 50) }
}
