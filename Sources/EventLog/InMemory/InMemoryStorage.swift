internal import EventLogCore
internal import Synchronization

/// The events and their indexes, in arrays and dictionaries.
final class InMemoryStorage: LogStorage {
  fileprivate struct State {
    var events: [RecordedEvent] = []
    var streams: [NameKey: [UInt64]] = [:]
    var heads: [NameKey: StreamHead] = [:]
    var ids: [EventID: UInt64] = [:]
    var tracking: [NameKey: UInt64] = [:]
    /// Whether anything was ever removed, so that reads know when not to look.
    var hasRemovals = false
  }

  private let state = Mutex(State())

  func resolve(
    _ questions: [ColdQuestions],
    at head: GlobalPosition
  ) throws(EventLogError) -> [ColdFacts] {
    state.withLock { state in
      questions.map { asked in
        var facts = ColdFacts(head: head.number)
        for stream in asked.streams {
          facts.streams[stream] = state.heads[stream] ?? .neverWritten
        }
        for id in asked.ids {
          if let position = state.ids[id] { facts.ids[id] = KnownEvent(state[position]) }
        }
        for source in asked.sources { facts.sources[source] = .some(state.tracking[source]) }
        return facts
      }
    }
  }

  func search(_ searches: [ConditionSearch], steps: Int) throws(EventLogError) {
    for search in searches where !search.isDone {
      var matcher = search.condition.matcher
      state.withLock { state in
        let begin = search.place
        while search.place <= search.head {
          guard search.place - begin + UInt64(matcher.extra) < UInt64(steps) else { return }
          if matcher.matches(state[search.place]) {
            search.found(search.place)
            break
          }
          search.place += 1
        }
        search.end()
      }
    }
  }

  func write(_ batch: CommitBatch) throws(EventLogError) {
    state.withLock { state in
      for request in batch.requests {
        var position = request.firstPosition
        for event in request.prepared.events {
          state.events.append(
            RecordedEvent(
              checked: request.prepared.bytes,
              start: event.start,
              count: event.count
            )
          )
          state.ids[event.id] = position
          if let stream = request.prepared.stream(of: event) {
            state.streams[stream, default: []].append(position)
          }
          position += 1
        }
      }
      for (stream, head) in batch.heads {
        state.heads[stream] = head
        if head.hasRemovals { state.hasRemovals = true }
      }
      state.tracking.merge(batch.tracking) { $1 }
    }
  }

  func readStream(
    _ stream: NameKey,
    from revision: StreamRevision,
    direction: Direction,
    limit: Int,
    head: GlobalPosition
  ) throws(EventLogError) -> StreamReading {
    state.withLock { state in
      let known = state.heads[stream] ?? .neverWritten
      guard known.touchedAt <= head.number else {
        return .ahead(GlobalPosition(known.touchedAt))
      }
      var events: [RecordedEvent] = []
      var bytes = 0
      var isEnd = true
      let positions = known.isTombstoned ? [] : state.streams[stream] ?? []
      let kept = Int(min(known.first, UInt64(positions.count)))
      var wanted: [Int] = []
      switch direction {
      case .forward:
        let start = Int(min(revision.number, UInt64(positions.count)))
        wanted = Array(max(start, kept)..<max(positions.count, max(start, kept)))
      case .backward:
        let end = Int(min(revision.number, UInt64(Int.max - 1))) + 1
        wanted = (kept..<max(kept, min(end, positions.count))).reversed()
      }
      for index in wanted {
        let event = state[positions[index]]
        if event.isRemoved { continue }
        let size = event.withEnvelope { $0.count }
        if events.count == limit
          || !events.isEmpty && bytes + size > EventLogLimits.pageBytes
        {
          isEnd = false
          break
        }
        bytes += size
        events.append(event)
      }
      let end = direction == .forward ? head : min(head, GlobalPosition(1))
      return .page(
        EventPage(
          events: events,
          scannedTo: isEnd ? end : events.last?.position ?? end,
          head: head,
          isEnd: isEnd,
          stream: known.state
        )
      )
    }
  }

  func readAll(_ reading: AllReading, head: GlobalPosition) throws(EventLogError) -> EventPage {
    let bounds = PageBounds(reading, head: head)
    guard !bounds.isEmpty else { return bounds.page([], stoppedAt: nil) }
    var matcher = QueryMatcher(reading.query)
    return state.withLock { state in
      var events: [RecordedEvent] = []
      var bytes = 0
      var seen = 0
      var position = bounds.first
      var previous = position
      while true {
        seen += 1
        if let event = state.visible(position, reading), matcher.matches(event) {
          let size = event.withEnvelope { $0.count }
          if !events.isEmpty, bytes + size > EventLogLimits.pageBytes {
            return bounds.page(events, stoppedAt: previous)
          }
          bytes += size
          events.append(event)
        }
        if position == bounds.last { return bounds.page(events, stoppedAt: nil) }
        if events.count == reading.limit
          || seen + matcher.extra >= EventLogLimits.pageCandidates
        {
          return bounds.page(events, stoppedAt: position)
        }
        previous = position
        position = reading.direction == .forward ? position + 1 : position - 1
      }
    }
  }

  func events(
    at positions: [GlobalPosition],
    head: GlobalPosition
  ) throws(EventLogError) -> [RecordedEvent] {
    state.withLock { state in
      let reading = AllReading(
        after: nil,
        query: .all,
        direction: .forward,
        limit: positions.count,
        includeRemoved: true
      )
      var page = PageEvents(limit: positions.count)
      for position in positions {
        guard let event = state.visible(position.number, reading) else { continue }
        guard page.add(event) else { break }
      }
      return page.events
    }
  }

  func position(of id: EventID) throws(EventLogError) -> GlobalPosition? {
    state.withLock { $0.ids[id].map { GlobalPosition($0) } }
  }

  func tracking(of source: NameKey) throws(EventLogError) -> UInt64? {
    state.withLock { $0.tracking[source] }
  }

  func close() { state.withLock { $0 = State() } }
}

extension InMemoryStorage.State {
  fileprivate subscript(position: UInt64) -> RecordedEvent { events[Int(position) - 1] }

  /// The event as this read shows it; nil if it was removed and the read skips such.
  fileprivate func visible(_ position: UInt64, _ reading: AllReading) -> RecordedEvent? {
    let event = self[position]
    guard hasRemovals || event.isRemoved else { return event }
    var isRemoved = event.isRemoved
    if !isRemoved, let stream = event.stream, let head = heads[NameKey(stream)] {
      isRemoved = head.isTombstoned || event.revision?.number ?? 0 < head.first
    }
    guard isRemoved else { return event }
    return reading.includeRemoved ? event.removed : nil
  }
}
