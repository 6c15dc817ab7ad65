import EventLogCore
import EventLogRocksDB

/// A subscription from the beginning until it says that it has caught up.
enum CatchUpFigure: Figure {
  static let name = "catchup"
  static let sentence = """
    A subscription over the whole log until it is live, in events per second, beside a raw RocksDB
    scan that copies the same bytes; for every event, and for one type of them.
    """

  static func run(_ settings: Settings) async throws -> Table {
    try await Scratch.with(settings) { scratch in
      let filled = try await FilledLog.make(settings, in: scratch)
      let store = EventStore(filled.log)
      let queries: [(String, EventQuery)] = [
        ("every event", .all), ("one type", .types("PostPublished")),
      ]
      var table = Table("query", "delivered", "scanned/s", "raw/s", "ratio", "span ours")
      for (name, query) in queries {
        var delivered = 0
        let (ours, raw) = try await alternate(settings.rounds) { _ in
          let (elapsed, seen) = try await timed { try await catchUp(store, query) }
          delivered = seen.delivered
          return Sample(amount: seen.scanned, elapsed: elapsed)
        } against: { _ in
          let (elapsed, read) = try await timed { try filled.raw.scan() }
          return Sample(amount: read.rows, elapsed: elapsed)
        }
        table.add(
          name,
          Text.rate(Double(delivered)),
          Text.rate(ours.rate),
          Text.rate(raw.rate),
          Text.ratio(ours.rate / raw.rate),
          Text.span(ours.span)
        )
      }
      await filled.close()
      return table
    }
  }

  private static func catchUp(
    _ store: EventStore,
    _ query: EventQuery
  ) async throws -> (delivered: Int, scanned: Int) {
    var delivered = 0
    for try await message in store.subscribe(from: .beginning, matching: query) {
      switch message {
      case .events(let page): delivered += page.events.count
      case .caughtUp(let position): return (delivered, Int(position.number))
      default: break
      }
    }
    return (delivered, 0)
  }
}
