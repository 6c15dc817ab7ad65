internal import EventLogCore
internal import RocksDBDriver

// Cold facts, for everything that waits at once: all ids in one batch of lookups, all conditions
// over the same two iterators.
extension RocksDBStorage {
  func resolve(
    _ questions: [ColdQuestions],
    at head: GlobalPosition
  ) throws(EventLogError) -> [ColdFacts] {
    var answers = questions.map { _ in ColdFacts(head: head.number) }
    try resolveIDs(questions, upTo: head.number, &answers)
    var probe: ConditionProbe?
    for (index, asked) in questions.enumerated() {
      for stream in asked.streams where answers[index].streams[stream] == nil {
        answers[index].streams[stream] = try self.head(of: stream)
      }
      for source in asked.sources {
        answers[index].sources[source] = .some(try tracking(of: source))
      }
      guard let condition = asked.condition else { continue }
      let ready: ConditionProbe
      if let probe {
        ready = probe
      } else {
        ready = try storing { () throws(RocksDBError) in try ConditionProbe(self) }
        probe = ready
      }
      answers[index].hasCondition = true
      answers[index].firstMatch = try ready.firstMatch(condition, upTo: head.number)
    }
    return answers
  }

  private func resolveIDs(
    _ questions: [ColdQuestions],
    upTo head: UInt64,
    _ answers: inout [ColdFacts]
  ) throws(EventLogError) {
    var keys: [UInt8] = []
    var askers: [(question: Int, id: EventID)] = []
    for (index, asked) in questions.enumerated() {
      for id in asked.ids {
        // Few ids of callers name a position that there is.
        if let place = id.place, place <= head, try hasID(id, at: place) {
          answers[index].ids[id] = KnownEvent(try event(at: place))
          continue
        }
        keys.append(bigEndian: id.high)
        keys.append(bigEndian: id.low)
        askers.append((index, id))
      }
    }
    guard !keys.isEmpty else { return }
    var found: [(asker: Int, position: UInt64)] = []
    try storing { () throws(RocksDBError) in
      try database.withValues(ofKeys: keys, each: 16, in: families.ids) { index, value in
        guard let value, value.count == 8 else { return }
        found.append((index, value.bigEndian(UInt64.self, at: 0)))
      }
    }
    for (asker, position) in found {
      let (question, id) = askers[asker]
      answers[question].ids[id] = KnownEvent(try event(at: position))
    }
  }
}

/// Looks for the first event that a condition matches.
private final class ConditionProbe {
  private let storage: RocksDBStorage
  private var types: PostingCursor
  private var tags: PostingCursor

  init(_ storage: RocksDBStorage) throws(RocksDBError) {
    self.storage = storage
    types = PostingCursor(
      try storage.database.makeIterator(in: storage.families.types, isPrefix: true)
    )
    tags = PostingCursor(
      try storage.database.makeIterator(in: storage.families.tags, isPrefix: true)
    )
  }

  func firstMatch(
    _ condition: PreparedCondition,
    upTo head: UInt64
  ) throws(EventLogError) -> UInt64? {
    var bound = head
    var found: UInt64?
    for item in condition.items {
      guard let match = try firstMatch(item, after: condition.after, upTo: bound) else { continue }
      found = match
      // An item that comes later is of interest only if it matches earlier.
      guard match > 1 else { break }
      bound = match - 1
    }
    return found
  }

  private func firstMatch(
    _ item: PreparedCondition.Item,
    after: UInt64,
    upTo bound: UInt64
  ) throws(EventLogError) -> UInt64? {
    var best: UInt64?
    if item.tags.isEmpty {
      for type in item.types {
        var place = after + 1
        while let position = try types.first(of: type.hash, from: place), position <= best ?? bound
        {
          if try matches(item, at: position) {
            best = position
            break
          }
          place = position + 1
        }
      }
      return best
    }
    var place = after + 1
    leaping: while place <= bound {
      for tag in item.tags {
        guard let position = try tags.first(of: tag.hash, from: place) else { return nil }
        if position > place {
          place = position
          // Ask every tag again at the new place, unless this is the only one.
          if item.tags.count > 1 { continue leaping }
        }
      }
      guard place <= bound else { return nil }
      if try matches(item, at: place) { return place }
      place += 1
    }
    return nil
  }

  /// A posting is a hint; the event's own bytes decide (law L11).
  private func matches(
    _ item: PreparedCondition.Item,
    at position: UInt64
  ) throws(EventLogError) -> Bool {
    let event = try storage.event(at: position)
    return event.matches(
      EventQuery([
        EventQuery.Item(types: item.types.map(\.text), tags: item.tags.map(\.text))
      ])
    )
  }
}
