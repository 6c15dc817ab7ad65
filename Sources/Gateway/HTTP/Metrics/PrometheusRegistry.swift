public import CoreMetrics
internal import Synchronization

/// Keeps metrics in memory and shows them in Prometheus' text format; also the factory behind
/// swift-metrics, so that every room's metrics appear beside the gateway's.
///
/// - Shape: labels come from small closed sets; beyond `seriesLimit` series new ones are counted
///   together in one that nobody sees, so that a mistake cannot eat the memory.
/// - Units: durations are seconds, whatever unit a timer was fed with.
public final class PrometheusRegistry: Sendable {
  private static let seriesLimit = 10_000

  /// A name with its labels, as one line of the text begins.
  struct Series: Hashable, Sendable {
    let name: String
    let labels: String
  }

  private struct State {
    var counters: [Series: CounterSeries] = [:]
    var gauges: [Series: GaugeSeries] = [:]
    var histograms: [Series: HistogramSeries] = [:]
    var count: Int { counters.count + gauges.count + histograms.count }
  }

  private let state = Mutex(State())

  /// Starts empty.
  public init() {}

  func counter(_ name: String, _ labels: [(String, String)]) -> CounterSeries {
    let series = Self.series(name, labels)
    return state.withLock { state in
      if let found = state.counters[series] { return found }
      let made = CounterSeries()
      if state.count < Self.seriesLimit { state.counters[series] = made }
      return made
    }
  }

  func gauge(_ name: String, _ labels: [(String, String)]) -> GaugeSeries {
    let series = Self.series(name, labels)
    return state.withLock { state in
      if let found = state.gauges[series] { return found }
      let made = GaugeSeries()
      if state.count < Self.seriesLimit { state.gauges[series] = made }
      return made
    }
  }

  func histogram(
    _ name: String,
    _ labels: [(String, String)],
    bounds: [Double] = HistogramSeries.seconds
  ) -> HistogramSeries {
    let series = Self.series(name, labels)
    return state.withLock { state in
      if let found = state.histograms[series] { return found }
      let made = HistogramSeries(bounds: bounds)
      if state.count < Self.seriesLimit { state.histograms[series] = made }
      return made
    }
  }

  func remove(_ made: AnyObject) {
    state.withLock { state in
      state.counters = state.counters.filter { $0.value !== made }
      state.gauges = state.gauges.filter { $0.value !== made }
      state.histograms = state.histograms.filter { $0.value !== made }
    }
  }

  /// Everything in the text format, version 0.0.4.
  public func text() -> String {
    let (counters, gauges, histograms) = state.withLock { ($0.counters, $0.gauges, $0.histograms) }
    var text = ""
    func each<S>(_ all: [Series: S], _ type: String, _ body: (Series, S) -> Void) {
      var last = ""
      for (series, value) in all.sorted(by: {
        ($0.key.name, $0.key.labels) < ($1.key.name, $1.key.labels)
      }) {
        if series.name != last { text += "# TYPE \(series.name) \(type)\n" }
        last = series.name
        body(series, value)
      }
    }
    func line(_ name: String, _ labels: String, _ value: String) {
      text += name + (labels.isEmpty ? "" : "{\(labels)}") + " " + value + "\n"
    }
    each(counters, "counter") { line($0.name, $0.labels, String($1.value)) }
    each(gauges, "gauge") { line($0.name, $0.labels, Self.number($1.value)) }
    each(histograms, "histogram") { series, histogram in
      let snapshot = histogram.snapshot
      let comma = series.labels.isEmpty ? "" : ","
      var total: UInt64 = 0
      for (bound, count) in zip(histogram.bounds, snapshot.counts) {
        total += count
        line(
          series.name + "_bucket",
          "\(series.labels)\(comma)le=\"\(Self.number(bound))\"",
          String(total)
        )
      }
      line(series.name + "_bucket", "\(series.labels)\(comma)le=\"+Inf\"", String(snapshot.count))
      line(series.name + "_sum", series.labels, Self.number(snapshot.sum))
      line(series.name + "_count", series.labels, String(snapshot.count))
    }
    return text
  }

  private static func number(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
    return "\(value)"
  }

  private static func series(_ name: String, _ labels: [(String, String)]) -> Series {
    let text = labels.map { "\(identifier($0.0))=\"\(escaped($0.1))\"" }.joined(separator: ",")
    return Series(name: identifier(name), labels: text)
  }

  /// Prometheus knows letters, digits, `_` and `:` only, and no digit in front.
  static func identifier(_ name: String) -> String {
    var text = ""
    for scalar in name.unicodeScalars {
      switch scalar {
      case "a"..."z", "A"..."Z", "_", ":": text.unicodeScalars.append(scalar)
      case "0"..."9":
        if text.isEmpty { text = "_" }
        text.unicodeScalars.append(scalar)
      default: text += "_"
      }
    }
    return text.isEmpty ? "_" : text
  }

  private static func escaped(_ value: String) -> String {
    var text = ""
    for character in value {
      switch character {
      case "\\": text += "\\\\"
      case "\"": text += "\\\""
      case "\n": text += "\\n"
      default: text.append(character)
      }
    }
    return text
  }
}

extension PrometheusRegistry: MetricsFactory {
  /// A counter; `_total` is added to its name, as Prometheus wishes.
  public func makeCounter(
    label: String,
    dimensions: [(String, String)]
  ) -> any CounterHandler {
    counter(label.hasSuffix("_total") ? label : label + "_total", dimensions)
  }

  /// A gauge that also goes down.
  public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
    gauge(label, dimensions)
  }

  /// A histogram, or a gauge if nothing is aggregated.
  public func makeRecorder(
    label: String,
    dimensions: [(String, String)],
    aggregate: Bool
  ) -> any RecorderHandler {
    if aggregate { return histogram(label, dimensions, bounds: HistogramSeries.amounts) }
    return gauge(label, dimensions)
  }

  /// A histogram of seconds.
  public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
    histogram(label.hasSuffix("_seconds") ? label : label + "_seconds", dimensions)
  }

  /// Forgets a counter.
  public func destroyCounter(_ handler: any CounterHandler) { remove(handler) }
  /// Forgets a meter.
  public func destroyMeter(_ handler: any MeterHandler) { remove(handler) }
  /// Forgets a recorder.
  public func destroyRecorder(_ handler: any RecorderHandler) { remove(handler) }
  /// Forgets a timer.
  public func destroyTimer(_ handler: any TimerHandler) { remove(handler) }
}
