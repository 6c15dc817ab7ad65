internal import CoreMetrics
internal import Gateway
internal import Testing

@Suite struct PrometheusRegistryTests {
  @Test func seriesAreShownByNameAndLabels() {
    let registry = PrometheusRegistry()
    registry.makeCounter(label: "log.appends", dimensions: [("engine", "rocks\"db")]).increment(
      by: 3
    )
    registry.makeCounter(label: "log.appends", dimensions: [("engine", "rocks\"db")]).increment(
      by: 1
    )
    registry.makeMeter(label: "lag", dimensions: []).set(Int64(4))
    let timer = registry.makeTimer(label: "wait", dimensions: [])
    timer.recordNanoseconds(2_000_000)
    timer.recordNanoseconds(20_000_000_000)
    let text = registry.text()
    #expect(text.contains("# TYPE log_appends_total counter\n"))
    #expect(text.contains("log_appends_total{engine=\"rocks\\\"db\"} 4\n"))
    #expect(text.contains("lag 4.0\n"))
    #expect(text.contains("wait_seconds_bucket{le=\"0.001\"} 0\n"))
    #expect(text.contains("wait_seconds_bucket{le=\"0.0025\"} 1\n"))
    #expect(text.contains("wait_seconds_bucket{le=\"+Inf\"} 2\n"))
    #expect(text.contains("wait_seconds_count 2\n"))
  }
}
