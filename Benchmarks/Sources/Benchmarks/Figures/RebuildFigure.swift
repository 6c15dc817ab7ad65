import EventLogCore
import EventLogRocksDB
import ProjectionsCore
import ProjectionsRocksDB

/// Filling a new generation of a projection from the log, as a rebuild does.
enum RebuildFigure: Figure {
  static let name = "rebuild"
  static let sentence = """
    Filling a posts-like projection (document, two indexes, a counter) from the log into an empty
    RocksDB read model, in events per second, beside a raw RocksDB scan that copies the same bytes.
    """

  static func run(_ settings: Settings) async throws -> Table {
    try await Scratch.with(settings) { scratch in
      let filled = try await FilledLog.make(settings, in: scratch)
      var table = Table("events", "ours/s", "raw scan/s", "ratio", "span ours", "resident MiB")
      let (ours, raw) = try await alternate(settings.rounds) { round in
        try await fill(filled.log, scratch, round: round, events: settings.events)
      } against: { _ in
        let (elapsed, read) = try await timed { try filled.raw.scan() }
        return Sample(amount: read.rows, elapsed: elapsed)
      }
      table.add(
        Text.rate(Double(settings.events)),
        Text.rate(ours.rate),
        Text.rate(raw.rate),
        Text.ratio(ours.rate / raw.rate),
        Text.span(ours.span),
        Text.mebibytes(Machine.residentBytes)
      )
      await filled.close()
      return table
    }
  }

  private static func fill(
    _ log: RocksDBEventLog,
    _ scratch: Scratch,
    round: Int,
    events: Int
  ) async throws -> Sample {
    let name = "models-\(round)"
    let store = try ReadModelStore(RocksDBReadModelEngine(path: scratch.folder(name)))
    let runtime = ProjectionRuntime(store: store, log: log)
    _ = try runtime.open(PostsProjection())
    let (elapsed, _) = try await timed { try await runtime.catchUp() }
    await store.close()
    try scratch.remove(name)
    return Sample(amount: events, elapsed: elapsed)
  }
}
