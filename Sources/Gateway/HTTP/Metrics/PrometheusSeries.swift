internal import CoreMetrics
internal import Synchronization

/// Counts up.
final class CounterSeries: CounterHandler {
  private let count = Atomic<Int64>(0)
  var value: Int64 { count.load(ordering: .relaxed) }
  func increment(by amount: Int64) { count.wrappingAdd(amount, ordering: .relaxed) }
  func reset() { count.store(0, ordering: .relaxed) }
}

/// Stands at a value.
final class GaugeSeries: MeterHandler, RecorderHandler {
  private let held = Mutex(0.0)
  var value: Double { held.withLock { $0 } }
  func set(_ value: Int64) { held.withLock { $0 = Double(value) } }
  func set(_ value: Double) { held.withLock { $0 = value } }
  func increment(by amount: Double) { held.withLock { $0 += amount } }
  func decrement(by amount: Double) { held.withLock { $0 -= amount } }
  func record(_ value: Int64) { set(value) }
  func record(_ value: Double) { set(value) }
}

/// Counts how often a value fell below each of some fixed bounds.
final class HistogramSeries: RecorderHandler, TimerHandler {
  /// From a tenth of a millisecond to ten seconds: what a request may take.
  static let seconds = [
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
  ]
  /// Powers of four: sizes and counts.
  static let amounts = [1.0, 4, 16, 64, 256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576]

  struct Snapshot {
    var counts: [UInt64]
    var count: UInt64 = 0
    var sum = 0.0
  }

  let bounds: [Double]
  private let held: Mutex<Snapshot>
  var snapshot: Snapshot { held.withLock { $0 } }

  init(bounds: [Double]) {
    self.bounds = bounds
    held = Mutex(Snapshot(counts: Array(repeating: 0, count: bounds.count)))
  }

  func record(_ value: Int64) { record(Double(value)) }
  func record(_ value: Double) {
    let bucket = bounds.firstIndex { value <= $0 }
    held.withLock { held in
      held.count += 1
      held.sum += value
      if let bucket { held.counts[bucket] += 1 }
    }
  }
  func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }
}
