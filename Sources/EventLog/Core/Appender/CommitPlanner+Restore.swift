// Laws L47 and L48: events of an export are taken as they are, at their own places.

extension CommitPlanner {
  func restoreQuestions(for request: PreparedRequest) -> ColdQuestions {
    var questions = ColdQuestions()
    var asked: Set<NameKey> = []
    for stream in request.streams + request.removals.map(\.removal.stream)
    where asked.insert(stream).inserted && heads.peek(stream) == nil {
      questions.streams.append(stream)
    }
    for (event, recorded) in zip(request.events, request.restored) {
      lookUp(event.id, &questions)
      if let source = recorded.tracking.map({ NameKey($0.source) }), sources.peek(source) == nil {
        questions.sources.append(source)
      }
    }
    return questions
  }

  mutating func restore(
    _ request: PreparedRequest,
    facts: ColdFacts,
    into batch: inout CommitBatch
  ) -> Outcome {
    if let refusal = refusal(of: request, facts) { return refusal }
    let firstPosition = head + 1
    // Before anything is recorded: that may turn the memory of heads over.
    var states: [NameKey: StreamHead] = [:]
    for stream in request.streams + request.removals.map(\.removal.stream) {
      states[stream] = state(of: stream, facts)
    }
    var removals = request.removals[...]
    for (index, event) in request.events.enumerated() {
      let recorded = request.restored[index]
      advance(to: recorded.position.number, at: recorded.recordedAt)
      if let stream = request.stream(of: event) {
        var state = states[stream] ?? .neverWritten
        if state.last == nil { batch.begunStreams += 1 }
        state.last = event.revision
        state.touchedAt = head
        states[stream] = state
        record(state, of: stream, in: &batch)
      }
      if let (place, removal) = removals.first, place == index {
        removals.removeFirst()
        var state = states[removal.stream] ?? .neverWritten
        state.apply(removal, at: head)
        states[removal.stream] = state
        record(state, of: removal.stream, in: &batch)
      }
      if let tracking = recorded.tracking {
        record(tracking.position, of: NameKey(tracking.source), in: &batch)
      }
      request.withEnvelope(of: event) { tail.append(event, request.tagHashes, $0) }
    }
    add(request, from: firstPosition, to: &batch)
    return .accepted(AppendReceipt(parts: [], isRepeat: false))
  }

  /// Checks that the events continue the log, before anything is changed.
  private func refusal(of request: PreparedRequest, _ facts: ColdFacts) -> Outcome? {
    var position = head
    var time = lastRecordedAt
    var nexts: [NameKey: UInt64] = [:]
    var ids: Set<EventID> = []
    ids.reserveCapacity(request.events.count)
    for (_, removal) in request.removals where state(of: removal.stream, facts) == nil {
      return .stale
    }
    for (event, recorded) in zip(request.events, request.restored) {
      position += 1
      guard recorded.position.number == position else {
        return .refused(
          .invalid("the export goes on at \(recorded.position), the log at \(position)")
        )
      }
      guard recorded.recordedAt >= time else {
        return .refused(.invalid("the export's time goes back at \(position)"))
      }
      time = recorded.recordedAt
      guard event.id != .none, ids.insert(event.id).inserted else {
        return .refused(.invalid("the export has no id of its own at \(position)"))
      }
      if let found = tail.position(of: event.id) ?? facts.ids[event.id]?.position {
        return .refused(.idConflict(event.id, GlobalPosition(found)))
      }
      guard let stream = request.stream(of: event) else { continue }
      guard let state = state(of: stream, facts) else { return .stale }
      let next = nexts[stream] ?? state.next
      guard event.revision == next else {
        return .refused(
          .invalid("the export breaks the revisions of '\(stream.text)' at \(position)")
        )
      }
      nexts[stream] = next + 1
    }
    return nil
  }
}
