internal import Synchronization

/// Counts and times the answers of one route; series are looked up once for each status.
final class RouteMeter: Sendable {
  private let registry: PrometheusRegistry
  private let labels: [(String, String)]
  private let durations: HistogramSeries
  private let statuses = Mutex<[Int: CounterSeries]>([:])

  init(_ registry: PrometheusRegistry, route: String, method: String) {
    self.registry = registry
    labels = [("route", route), ("method", method)]
    durations = registry.histogram("http_request_duration_seconds", labels)
  }

  func observe(status: Int, duration: Duration) {
    let counter = statuses.withLock { statuses in
      if let found = statuses[status] { return found }
      let made = registry.counter("http_requests_total", labels + [("status", String(status))])
      statuses[status] = made
      return made
    }
    counter.increment(by: 1)
    let parts = duration.components
    durations.record(Double(parts.seconds) + Double(parts.attoseconds) / 1e18)
  }
}
