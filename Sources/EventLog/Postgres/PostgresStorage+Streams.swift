internal import EventLogCore
internal import PostgresDriver

extension PostgresStorage {
  func readStream(
    _ stream: NameKey,
    from revision: StreamRevision,
    direction: Direction,
    limit: Int,
    head published: GlobalPosition
  ) throws(EventLogError) -> StreamReading {
    var head = published
    let isForward = direction == .forward
    var builder = PageEvents(limit: limit)
    var next = Int64(bound: revision.number)
    var known: StreamHead?
    func page(_ known: StreamHead, isEnd: Bool) -> StreamReading {
      let end = isForward ? head : min(head, GlobalPosition(1))
      return .page(
        EventPage(
          events: builder.events,
          scannedTo: isEnd ? end : builder.events.last?.position ?? end,
          head: head,
          isEnd: isEnd,
          stream: known.state
        )
      )
    }
    // A removed header among kept revisions occurs after an import; hence the loop.
    while true {
      let last: Int64 = isForward ? known?.last.map { Int64(bound: $0) } ?? .max : 0
      let rows = try reading { [next] session throws(PostgresError) in
        try session.run(
          ReadStatements.stream(direction)(
            .bytes(stream.bytes),
            .int8(next),
            .int8(last),
            .int8(Int64(limit)),
            .int8(Int64(EventLogLimits.pageBytes))
          )
        )
      }
      try check(rows, against: head)
      // The state is that of the first look; what came later is for the next read. Its head comes with
      // it, which may be beyond the one published here: what is seen is durable. To wait for the
      // other instead may be for ever, where a stream is written quicker than it is asked for.
      if known == nil { head = max(head, Self.head(of: rows)) }
      let state = known ?? Self.head(rows, 0, from: 2)
      known = state
      guard !state.isTombstoned, let stateLast = state.last, state.first <= stateLast else {
        return page(state, isEnd: true)
      }
      let end = isForward ? stateLast : state.first
      guard let reached = try take(rows, of: stream, direction, into: &builder) else {
        // Nothing in this direction: the read begins beyond the stream.
        let begin = isForward ? max(UInt64(next), state.first) : min(UInt64(next), stateLast)
        guard isForward ? begin > stateLast : begin < state.first else {
          throw .corrupt("stream '\(stream.text)' lacks revision \(begin)", at: nil)
        }
        return page(state, isEnd: true)
      }
      switch reached {
      case .noRoom: return page(state, isEnd: false)
      case .revision(let revision):
        if revision == end { return page(state, isEnd: true) }
        if builder.isFull { return page(state, isEnd: false) }
        next = Int64(bound: isForward ? revision + 1 : revision - 1)
      }
    }
  }

  private enum Reached {
    case noRoom
    case revision(UInt64)
  }

  /// Takes the rows into the page; nil if there are none.
  private func take(
    _ rows: PostgresRows,
    of stream: NameKey,
    _ direction: Direction,
    into builder: inout PageEvents
  ) throws(EventLogError) -> Reached? {
    var previous: UInt64?
    for row in 0..<rows.count {
      guard let revision = rows.integer(row, 6).map({ UInt64(bitPattern: $0) }),
        let position = rows.integer(row, 7).map({ UInt64(bitPattern: $0) })
      else { return nil }
      if let previous {
        guard revision == (direction == .forward ? previous + 1 : previous - 1) else {
          throw .corrupt("stream '\(stream.text)' lacks revisions near \(revision)", at: nil)
        }
      }
      previous = revision
      let event = try Self.event(rows, row, 8, at: position)
      if event.isRemoved { continue }
      guard builder.add(event) else { return .noRoom }
    }
    return previous.map { .revision($0) }
  }
}
