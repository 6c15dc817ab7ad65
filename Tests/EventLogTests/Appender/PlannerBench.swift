import EventLogCore

/// A planner without threads or store: what memory does not tell is answered from the batches.
struct PlannerBench {
  var planner = CommitPlanner(head: 0, lastRecordedAt: Timestamp(microseconds: 0))
  var now = Timestamp(microseconds: 1)
  var batch = CommitBatch()
  private let hashing: PreparedRequest.Hashing
  private let isCold: Bool

  init(
    isCold: Bool = false,
    hashing: @escaping PreparedRequest.Hashing = { TextHash($0, as: $1) }
  ) {
    self.hashing = hashing
    self.isCold = isCold
  }

  /// Requests that bring stream `s` into each column of the matrix, with 1 as last revision.
  static let states: [[AppendRequest]] = {
    let written = AppendRequest(to: "s", [.named("A"), .named("B")])
    return [
      [], [written], [written, .truncating("s", before: StreamRevision(2))],
      [written, .tombstoning("s")],
    ]
  }()

  mutating func plan(_ request: AppendRequest) -> CommitPlanner.Outcome {
    let prepared = PreparedRequest(request, hashing: hashing)
    return plan(prepared, facts: facts(for: prepared))
  }

  /// What admission finds.
  func facts(for prepared: PreparedRequest) -> ColdFacts {
    let asked = planner.questions(for: prepared)
    var facts = ColdFacts(head: planner.head)
    facts.recentIDs = asked.recentIDs
    // The bench's store is empty: everything ever written is in the planner's memory.
    for stream in asked.streams { facts.streams[stream] = .neverWritten }
    for source in asked.sources { facts.sources[source] = .some(nil) }
    facts.hasCondition = asked.condition != nil
    return facts
  }

  /// What the appender makes of a request that was admitted.
  mutating func plan(_ prepared: PreparedRequest, facts: ColdFacts) -> CommitPlanner.Outcome {
    if isCold { batch = CommitBatch() }
    return planner.plan(prepared, facts: facts, at: now, into: &batch)
  }

  mutating func accept(_ request: AppendRequest) -> AppendReceipt? {
    let outcome = plan(request)
    return outcome.isAccepted ? outcome.receipt : nil
  }

  var recorded: [RecordedEvent] {
    var events: [RecordedEvent] = []
    batch.forEachEvent { _, visited in
      events.append(
        RecordedEvent(checked: Array(visited.envelope), start: 0, count: visited.envelope.count)
      )
    }
    return events
  }
}

extension CommitPlanner.Outcome {
  var isAccepted: Bool { if case .accepted = self { true } else { false } }

  var receipt: AppendReceipt? {
    switch self {
    case .accepted(let receipt), .repeated(let receipt): receipt
    case .refused, .stale, .tooLong: nil
    }
  }

  var error: EventLogError? { if case .refused(let error) = self { error } else { nil } }
}

extension NewEvent {
  static func named(_ type: String, id: EventID? = nil, tags: [Tag] = []) -> NewEvent {
    NewEvent(id: id, type: EventType(type), tags: tags)
  }
}
