import EventLogCore
import EventLogRocksDB

/// Opening a log that holds a million events, and what it holds in memory then.
enum StartFigure: Figure {
  static let name = "start"
  static let sentence = """
    Opening a log of a million events (ten times --events below that) until its head can be read,
    and resident memory afterwards; the whole process is measured by `Benchmarks/served.py start`.
    """

  static func run(_ settings: Settings) async throws -> Table {
    try await Scratch.with(settings) { scratch in
      let events = min(1_000_000, settings.events * 10)
      let first = try RocksDBEventLog.open(path: scratch.folder("log"))
      try await FilledLog.fill(first, events: events, dataBytes: settings.dataBytes)
      await first.close()
      var table = Table("events", "open p50 s", "slowest s", "resident MiB")
      var spent: [Double] = []
      for _ in 0..<settings.rounds {
        let (elapsed, log) = try await timed {
          let log = try RocksDBEventLog.open(path: scratch.folder("log"))
          _ = try await log.head()
          return log
        }
        spent.append(elapsed.inMicroseconds)
        await log.close()
      }
      table.add(
        Text.rate(Double(events)),
        Text.milliseconds(Percentiles(spent).median / 1000),
        Text.milliseconds((spent.max() ?? 0) / 1000),
        Text.mebibytes(Machine.residentBytes)
      )
      return table
    }
  }
}
