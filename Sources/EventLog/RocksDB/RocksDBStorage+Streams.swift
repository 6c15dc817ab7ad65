internal import EventLogCore
internal import RocksDBDriver

extension RocksDBStorage {
  func readStream(
    _ stream: NameKey,
    from revision: StreamRevision,
    direction: Direction,
    limit: Int,
    head: GlobalPosition
  ) throws(EventLogError) -> StreamReading {
    let known = try self.head(of: stream)
    guard known.touchedAt <= head.number else { return .ahead(GlobalPosition(known.touchedAt)) }
    let end = direction == .forward ? head : min(head, GlobalPosition(1))
    func page(_ events: [RecordedEvent], isEnd: Bool) -> StreamReading {
      .page(
        EventPage(
          events: events,
          scannedTo: isEnd ? end : events.last?.position ?? end,
          head: head,
          isEnd: isEnd,
          stream: known.state
        )
      )
    }
    guard !known.isTombstoned, let last = known.last, known.first <= last else {
      return page([], isEnd: true)
    }
    var next =
      direction == .forward ? max(revision.number, known.first) : min(revision.number, last)
    var builder = PageBuilder(limit: limit)
    // A removed header among kept revisions occurs after an import; hence the loop.
    while next >= known.first, next <= last {
      let want = UInt64(limit - builder.count)
      let revisions: ClosedRange<UInt64>
      switch direction {
      case .forward: revisions = next...(next + min(want - 1, last - next))
      case .backward: revisions = (next - min(want - 1, next - known.first))...next
      }
      let isRoomLeft = try read(stream, revisions, direction, into: &builder)
      let isLast =
        direction == .forward ? revisions.upperBound == last : revisions.lowerBound == known.first
      if !isRoomLeft || isLast || builder.isFull {
        return page(builder.events(), isEnd: isRoomLeft && isLast)
      }
      next = direction == .forward ? revisions.upperBound + 1 : revisions.lowerBound - 1
    }
    return page(builder.events(), isEnd: true)
  }

  /// Adds the events of these revisions; false if the page had no room for one.
  private func read(
    _ stream: NameKey,
    _ revisions: ClosedRange<UInt64>,
    _ direction: Direction,
    into builder: inout PageBuilder
  ) throws(EventLogError) -> Bool {
    var keys: [UInt8] = []
    keys.reserveCapacity(revisions.count * 8)
    var positions: [UInt64] = []
    positions.reserveCapacity(revisions.count)
    let name = stream.text.utf8.count
    let iterator = try storing { () throws(RocksDBError) in
      try database.makeIterator(
        in: families.streams,
        from: Key.revision(revisions.lowerBound, of: stream),
        to: Key.revision(.max, of: stream) + [0]
      )
    }
    func take(_ position: UInt64) {
      positions.append(position)
      keys.append(bigEndian: position)
    }
    // The row of a revision is the first whose last revision is not before it.
    if direction == .forward {
      iterator.seekToFirst()
    } else {
      iterator.seek(Key.revision(revisions.upperBound, of: stream))
    }
    while iterator.isValid, positions.count < revisions.count {
      let row = iterator.withKey { key in
        iterator.withValue { StreamRun(key: key, value: $0, nameBytes: name) }
      }
      guard let row else {
        throw .corrupt("a row of stream '\(stream.text)' is not readable", at: nil)
      }
      let held = row.revisions.clamped(to: revisions)
      guard let first = row.position(of: held.lowerBound),
        let last = row.position(of: held.upperBound)
      else { break }
      switch direction {
      case .forward:
        for position in first...last { take(position) }
        iterator.next()
      case .backward:
        for position in (first...last).reversed() { take(position) }
        iterator.previous()
      }
    }
    try storing { () throws(RocksDBError) in try iterator.check() }
    guard positions.count == revisions.count else {
      throw .corrupt("stream '\(stream.text)' lacks revisions in \(revisions)", at: nil)
    }
    return try add(keys, positions, into: &builder)
  }

  /// Adds the events at `positions`, whose keys lie one after the other in `keys`.
  func add(
    _ keys: [UInt8],
    _ positions: [UInt64],
    into builder: inout PageBuilder
  ) throws(EventLogError) -> Bool {
    var failure: EventLogError?
    var isRoomLeft = true
    try storing { () throws(RocksDBError) in
      try database.withValues(ofKeys: keys, each: 8, in: families.events) { index, value in
        guard isRoomLeft, failure == nil else { return }
        let position = GlobalPosition(positions[index])
        guard let value else {
          failure = .corrupt("there is no event", at: position)
          return
        }
        if let damage = Envelope.damage(in: value) {
          failure = .corrupt(damage, at: position)
          return
        }
        if RawEnvelope(bytes: value).isRemoved { return }
        isRoomLeft = builder.add(value)
      }
    }
    if let failure { throw failure }
    return isRoomLeft
  }
}
