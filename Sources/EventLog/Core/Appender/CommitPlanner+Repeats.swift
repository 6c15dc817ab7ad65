// Laws L15 to L20: an id names one event in the whole log, for ever.

extension CommitPlanner {
  enum IDJudgement {
    /// No given id is known.
    case fresh
    case repeated(AppendReceipt)
    case refused(EventLogError)
    /// Under the policy `.free`: these events need other ids.
    case replace([Int])
  }

  func judgeIDs(of request: PreparedRequest, _ facts: ColdFacts) -> IDJudgement {
    var known: [Int: KnownEvent] = [:]
    for (index, event) in request.events.enumerated() where event.isGiven {
      if let found = find(event.id, facts) { known[index] = found }
    }
    guard !known.isEmpty else { return .fresh }
    if request.request.ids == .free { return .replace(known.keys.sorted()) }
    if known.count < request.events.count {
      return conflict(at: known.keys.min() ?? 0, request, known)
    }
    return repeated(request, known)
  }

  private func find(_ id: EventID, _ facts: ColdFacts) -> KnownEvent? {
    if let known = tail.known(id) { return known }
    return facts.ids.isEmpty ? nil : facts.ids[id]
  }

  /// All ids are known: the first receipt, if they are where this request would have put them.
  private func repeated(
    _ request: PreparedRequest,
    _ known: [Int: KnownEvent]
  ) -> IDJudgement {
    var parts: [AppendReceipt.Part] = []
    for part in request.parts {
      var positions: [GlobalPosition] = []
      var previous: KnownEvent?
      var firstRevision: UInt64?
      for index in part.events {
        guard let found = known[index] else { return conflict(at: index, request, known) }
        let hasType = request.withEnvelope(of: request.events[index]) { envelope in
          found.type.text.withBytes { $0.hasSameBytes(as: Envelope.type(of: envelope)) }
        }
        guard found.stream == part.stream, hasType else {
          return conflict(at: index, request, known)
        }
        if let previous {
          let follows =
            part.stream == nil
            ? found.position > previous.position
            : found.revision == previous.revision.map { $0 + 1 }
          guard follows else { return conflict(at: index, request, known) }
        } else {
          firstRevision = found.revision
        }
        positions.append(GlobalPosition(found.position))
        previous = found
      }
      parts.append(
        AppendReceipt.Part(
          stream: part.stream?.name,
          positions: positions,
          firstRevision: firstRevision.map { StreamRevision($0) }
        )
      )
    }
    return .repeated(AppendReceipt(parts: parts, isRepeat: true))
  }

  private func conflict(
    at index: Int,
    _ request: PreparedRequest,
    _ known: [Int: KnownEvent]
  ) -> IDJudgement {
    .refused(
      .idConflict(request.events[index].id, GlobalPosition(known[index]?.position ?? 0))
    )
  }
}
