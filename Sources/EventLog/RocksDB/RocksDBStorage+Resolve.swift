internal import EventLogCore
internal import RocksDBDriver

// Cold facts, for everything that waits at once: all ids in one batch of lookups.
extension RocksDBStorage {
  func resolve(
    _ questions: [ColdQuestions],
    at head: GlobalPosition
  ) throws(EventLogError) -> [ColdFacts] {
    var answers = questions.map { _ in ColdFacts(head: head.number) }
    try resolveIDs(questions, upTo: head.number, &answers)
    for (index, asked) in questions.enumerated() {
      for stream in asked.streams where answers[index].streams[stream] == nil {
        answers[index].streams[stream] = try self.head(of: stream)
      }
      for source in asked.sources {
        answers[index].sources[source] = .some(try tracking(of: source))
      }
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
