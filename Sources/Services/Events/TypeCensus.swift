internal import EventLogCore
internal import Schemas

/// How many events of each type a log holds.
enum TypeCensus {
  /// Events that are looked at, at most: counting reads them, and an answer must not take minutes.
  static let events: UInt64 = 1_000_000

  /// Counts the newest events by type, most first.
  static func take(of log: any EventLogEngine) async throws -> [Wordweave_Events_V1_TypeCount] {
    var counts: [EventType: UInt64] = [:]
    let head = try await log.head().number
    var after = GlobalPosition(head > events ? head - events : 0)
    while true {
      let page = try await log.readAll(after: after)
      for event in page.events { counts[event.type, default: 0] += 1 }
      after = page.scannedTo
      if page.isEnd || page.scannedTo.number >= head { break }
    }
    return counts.sorted { ($1.value, $0.key.text) < ($0.value, $1.key.text) }.map { type, count in
      var entry = Wordweave_Events_V1_TypeCount()
      entry.type = type.text
      entry.events = count
      return entry
    }
  }
}
