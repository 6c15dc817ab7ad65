internal import EventLogCore
internal import Schemas

/// How many events of each type a log holds, or the newest part of it.
struct TypeCensus {
  /// Events that are looked at, at most: counting reads them, and an answer must not take minutes.
  static let bound: UInt64 = 1_000_000

  /// By type, most first.
  let types: [Wordweave_Events_V1_TypeCount]
  /// How many events they count; removed ones are not among them.
  let counted: UInt64
  /// Of how many of the newest positions.
  let newest: UInt64

  /// Counts the newest events by type, `bound` at most.
  static func count(
    in log: any EventLogEngine,
    newest bound: UInt64 = TypeCensus.bound
  ) async throws -> TypeCensus {
    var counts: [EventType: UInt64] = [:]
    let head = try await log.head()
    let newest = min(head.number, bound)
    var after = GlobalPosition(head.number - newest)
    while after < head {
      let page = try await log.readAll(after: after)
      // What came meanwhile is not of the newest as they were.
      for event in page.events where event.position <= head { counts[event.type, default: 0] += 1 }
      after = page.scannedTo
      if page.isEnd { break }
    }
    let sorted = counts.sorted { ($1.value, $0.key.text) < ($0.value, $1.key.text) }
    return TypeCensus(
      types: sorted.map { type, count in
        var entry = Wordweave_Events_V1_TypeCount()
        entry.type = type.text
        entry.events = count
        return entry
      },
      counted: counts.values.reduce(0, +),
      newest: newest
    )
  }

  /// Tells it in an answer.
  func tell(in answer: inout Wordweave_Events_V1_StatsResponse) {
    answer.types = types
    answer.counted = counted
    answer.countedOf = newest
  }
}
