import EventLogCore
import EventLogRocksDB

/// Reading the whole log in process.
enum ReadFigure: Figure {
  static let name = "read"
  static let sentence = """
    Reading the log from the beginning in pages, in events per second, beside a raw RocksDB scan
    that copies the same bytes.
    """

  static func run(_ settings: Settings) async throws -> Table {
    try await Scratch.with(settings) { scratch in
      let filled = try await FilledLog.make(settings, in: scratch)
      var table = Table("page", "ours/s", "raw/s", "ratio", "span ours", "span raw", "MiB/s")
      for limit in [4096, 256] {
        var bytes = 0
        let (ours, raw) = try await alternate(settings.rounds) { _ in
          let (elapsed, read) = try await timed { try await pages(of: filled.log, limit: limit) }
          bytes = read.bytes
          return Sample(amount: read.events, elapsed: elapsed)
        } against: { _ in
          let (elapsed, read) = try await timed { try filled.raw.scan() }
          return Sample(amount: read.rows, elapsed: elapsed)
        }
        let share = Double(bytes) / Double(settings.events)
        table.add(
          "\(limit)",
          Text.rate(ours.rate),
          Text.rate(raw.rate),
          Text.ratio(ours.rate / raw.rate),
          Text.span(ours.span),
          Text.span(raw.span),
          Text.mebibytes(Int(ours.rate * share))
        )
      }
      await filled.close()
      return table
    }
  }

  private static func pages(
    of log: RocksDBEventLog,
    limit: Int
  ) async throws -> (events: Int, bytes: Int) {
    var (events, bytes) = (0, 0)
    var after: GlobalPosition? = nil
    while true {
      let page = try await log.readAll(after: after, limit: limit)
      for event in page.events {
        events += 1
        bytes += event.withEnvelope { $0.count }
      }
      after = page.scannedTo
      if page.isEnd { return (events, bytes) }
    }
  }
}
