/// Decides what a commit holds: validates requests in order, each as if those before it were
/// committed, and assigns positions, ids, revisions and times.
///
/// A value: no thread, clock or store; the appender drives it, tests do it without one.
package struct CommitPlanner: Sendable {
  /// How a request ended.
  package enum Outcome: Sendable {
    /// It is in the batch; the receipt is true once the batch is durable.
    case accepted(AppendReceipt)
    /// The same events were recorded before; true once what was planned before is durable.
    case repeated(AppendReceipt)
    case refused(EventLogError)
    /// Its facts are too old to be corrected: resolve again.
    case stale
    /// To judge its condition from memory takes too long: resolve again, and search the store for it.
    case tooLong
  }

  /// Streams whose head is remembered: those that writers come back to within minutes.
  ///
  /// At roughly 200 bytes each they take some 13 MB. What is not remembered costs admission one
  /// look-up, as a stream's first event does anyway.
  package static let headBound = 65_536
  /// Sources whose mark is remembered.
  package static let sourceBound = 10_000

  /// The position of the last event that was planned.
  package private(set) var head: UInt64
  package private(set) var lastRecordedAt: Timestamp
  var heads: GenerationalCache<NameKey, StreamHead>
  var sources: GenerationalCache<NameKey, UInt64>
  package var tail: RecentTail
  private var random = StockedRandom()

  /// Starts behind what a store holds.
  package init(
    head: UInt64,
    lastRecordedAt: Timestamp,
    headBound: Int = CommitPlanner.headBound
  ) {
    self.head = head
    self.lastRecordedAt = lastRecordedAt
    heads = GenerationalCache(bound: headBound, at: head)
    sources = GenerationalCache(bound: Self.sourceBound, at: head)
    tail = RecentTail(head: head)
  }

  /// What must be read before `request` can be planned.
  package func questions(for request: PreparedRequest) -> ColdQuestions {
    if request.isRestore { return restoreQuestions(for: request) }
    var questions = ColdQuestions()
    questions.ids.reserveCapacity(request.events.count)
    func ask(_ stream: NameKey) {
      if heads.peek(stream) == nil { questions.streams.append(stream) }
    }
    for part in request.parts {
      if let stream = part.stream { ask(stream) }
    }
    for event in request.events where event.isGiven { lookUp(event.id, &questions) }
    for (_, removal) in request.removals { ask(removal.stream) }
    if let condition = request.condition, !condition.matchesEverything,
      condition.after < head, !tail.covers(after: condition.after)
    {
      questions.condition = condition
    }
    if let source = request.tracking?.source, sources.peek(source) == nil {
      questions.sources.append(source)
    }
    return questions
  }

  /// Asks for an id that memory does not hold.
  func lookUp(_ id: EventID, _ questions: inout ColdQuestions) {
    if tail.position(of: id) == nil {
      questions.ids.append(id)
    } else {
      questions.recentIDs.append(id)
    }
  }

  /// Validates `request` in the order of law L8 and, if it is accepted, puts it into `batch`.
  package mutating func plan(
    _ request: PreparedRequest,
    facts: ColdFacts,
    at time: Timestamp,
    into batch: inout CommitBatch
  ) -> Outcome {
    // An id that the tail knew when the request came and has dropped since was looked up nowhere.
    guard tail.covers(after: facts.head),
      facts.recentIDs.allSatisfy({ tail.position(of: $0) != nil })
    else { return .stale }
    if request.isRestore { return restore(request, facts: facts, into: &batch) }
    switch judgeIDs(of: request, facts) {
    case .fresh: break
    case .repeated(let receipt): return .repeated(receipt)
    case .refused(let error): return .refused(error)
    case .replace(let indexes):
      for index in indexes { request.replaceID(at: index) }
    }
    var states: [StreamHead] = []
    states.reserveCapacity(request.parts.count)
    for part in request.parts {
      guard let stream = part.stream else {
        states.append(.neverWritten)
        continue
      }
      guard let state = state(of: stream, facts) else { return .stale }
      if let refusal = state.refusal(of: part.expected, on: stream) { return .refused(refusal) }
      states.append(state)
    }
    for (_, removal) in request.removals {
      guard let state = state(of: removal.stream, facts) else { return .stale }
      guard !state.isTombstoned else {
        return .refused(.streamTombstoned(removal.stream.name))
      }
    }
    if let condition = request.condition {
      switch judge(condition, facts) {
      case .passes: break
      case .fails(let match): return .refused(.conditionFailed(firstMatch: match))
      case .stale: return .stale
      case .tooLong: return .tooLong
      }
    }
    if let (source, given) = request.tracking {
      guard let stored = mark(of: source, facts) else { return .stale }
      if let stored, given <= stored {
        return .refused(
          .trackingNotIncreasing(source: source.text, stored: stored, given: given)
        )
      }
    }
    return .accepted(accept(request, states, facts, at: time, into: &batch))
  }

  /// Forgets the oldest of the tail; `published` is the head that readers see.
  package mutating func trim(published: UInt64) { tail.trim(keepingAfter: published) }

  func state(of stream: NameKey, _ facts: ColdFacts) -> StreamHead? {
    if let state = heads.peek(stream) { return state }
    guard facts.head >= heads.completeSince else { return nil }
    return facts.streams[stream]
  }

  /// The recorded mark; the outer nil means that the facts are too old.
  private func mark(of source: NameKey, _ facts: ColdFacts) -> UInt64?? {
    if let mark = sources.peek(source) { return .some(mark) }
    guard facts.head >= sources.completeSince else { return nil }
    return facts.sources[source]
  }

  private mutating func accept(
    _ request: PreparedRequest,
    _ states: [StreamHead],
    _ facts: ColdFacts,
    at time: Timestamp,
    into batch: inout CommitBatch
  ) -> AppendReceipt {
    let firstPosition = head + 1
    // Before anything is recorded: that may turn the memory of heads over.
    var removed: [NameKey: StreamHead] = [:]
    for (_, removal) in request.removals {
      removed[removal.stream] = state(of: removal.stream, facts)
    }
    lastRecordedAt = max(lastRecordedAt, time)
    var parts: [AppendReceipt.Part] = []
    parts.reserveCapacity(request.parts.count)
    for (index, part) in request.parts.enumerated() {
      let begin = head + 1
      var state = states[index]
      let firstRevision = part.stream == nil ? nil : state.next
      request.change { events, bytes in
        bytes.withUnsafeMutableBytes { bytes in
          for place in part.events {
            head += 1
            if part.stream != nil {
              let revision = state.next
              events[place].revision = revision
              state.last = revision
              state.touchedAt = head
            }
            let range = events[place].start..<(events[place].start + events[place].count)
            let envelope = UnsafeMutableRawBufferPointer(rebasing: bytes[range])
            if !events[place].isGiven {
              events[place].id = EventID(at: lastRecordedAt, place: head, using: &random)
              Envelope.setID(events[place].id, of: envelope)
            }
            let event = events[place]
            Envelope.stamp(
              envelope,
              position: GlobalPosition(head),
              revision: event.hasStream ? StreamRevision(event.revision) : nil,
              recordedAt: lastRecordedAt
            )
            tail.append(event, request.tagHashes, UnsafeRawBufferPointer(envelope))
          }
        }
      }
      if let stream = part.stream, !part.events.isEmpty {
        if states[index].last == nil { batch.begunStreams += 1 }
        record(state, of: stream, in: &batch)
        if removed[stream] != nil { removed[stream] = state }
      }
      parts.append(
        AppendReceipt.Part(
          stream: part.stream?.name,
          positions: (begin..<(head + 1)).map { GlobalPosition($0) },
          firstRevision: part.events.isEmpty ? nil : firstRevision.map { StreamRevision($0) }
        )
      )
    }
    for (index, removal) in request.removals {
      let position = firstPosition + UInt64(index)
      removed[removal.stream, default: .neverWritten].apply(removal, at: position)
      if let state = removed[removal.stream] { record(state, of: removal.stream, in: &batch) }
    }
    if let (source, position) = request.tracking { record(position, of: source, in: &batch) }
    add(request, from: firstPosition, to: &batch)
    return AppendReceipt(parts: parts, isRepeat: false)
  }

  mutating func record(_ state: StreamHead, of stream: NameKey, in batch: inout CommitBatch) {
    heads.set(state, for: stream, at: head)
    batch.heads[stream] = state
  }

  mutating func record(_ mark: UInt64, of source: NameKey, in batch: inout CommitBatch) {
    sources.set(mark, for: source, at: head)
    batch.tracking[source] = mark
  }

  func add(
    _ request: PreparedRequest,
    from firstPosition: UInt64,
    to batch: inout CommitBatch
  ) {
    batch.eventCount += request.events.count
    batch.byteCount += request.bytes.count
    batch.lastPosition = head
    batch.requests.append(CommitBatch.Request(firstPosition: firstPosition, prepared: request))
    request.settle()
  }

  mutating func advance(to position: UInt64, at time: Timestamp) {
    head = position
    lastRecordedAt = max(lastRecordedAt, time)
  }
}
