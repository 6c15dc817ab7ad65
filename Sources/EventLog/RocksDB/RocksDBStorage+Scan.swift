internal import EventLogCore
internal import RocksDBDriver
internal import Synchronization

extension RocksDBStorage {
  func readAll(_ reading: AllReading, head: GlobalPosition) throws(EventLogError) -> EventPage {
    let bounds = PageBounds(reading, head: head)
    guard !bounds.isEmpty else { return bounds.page([], stoppedAt: nil) }
    let removed = removed.withLock { $0 }
    if let postings = try QueryPostings(reading, bounds, in: self) {
      return try read(postings, reading, bounds, removed)
    }
    return try scan(reading, bounds, removed)
  }

  /// Events of a page from which on blocks are read many at a time; the library's own reading ahead
  /// begins anew with each page.
  private static let longScan: UInt64 = 512
  /// Bytes read at a time then: some sixty blocks, a quarter of a full page or less.
  private static let scanReadahead = 256 << 10

  /// Walks the events themselves.
  private func scan(
    _ reading: AllReading,
    _ bounds: PageBounds,
    _ removed: RemovedStreams
  ) throws(EventLogError) -> EventPage {
    let low = min(bounds.first, bounds.last)
    let high = max(bounds.first, bounds.last)
    let iterator = try storing { () throws(RocksDBError) in
      try database.makeIterator(
        in: families.events,
        from: Key.number(low),
        to: Key.number(high) + [0],
        readahead: min(UInt64(reading.limit), high - low + 1) >= Self.longScan
          ? Self.scanReadahead : 0,
        // One pass over the log shall not push the indexes out of the cache.
        fillsCache: false
      )
    }
    let isForward = reading.direction == .forward
    if isForward { iterator.seekToFirst() } else { iterator.seekToLast() }
    var matcher = QueryMatcher(reading.query)
    var builder = PageBuilder(limit: reading.limit)
    var position = bounds.first
    var seen = 0
    while iterator.isValid {
      let step = iterator.withValue { value in
        consider(value, at: position, reading, &matcher, removed, &builder)
      }
      if case .damaged(let error) = step { throw error }
      if case .noRoom = step {
        return bounds.page(builder.events(), stoppedAt: isForward ? position - 1 : position + 1)
      }
      seen += 1
      if position == bounds.last { return bounds.page(builder.events(), stoppedAt: nil) }
      if builder.isFull || seen + matcher.extra >= EventLogLimits.pageCandidates {
        return bounds.page(builder.events(), stoppedAt: position)
      }
      if isForward {
        iterator.next()
        position += 1
      } else {
        iterator.previous()
        position -= 1
      }
    }
    try storing { () throws(RocksDBError) in try iterator.check() }
    throw .corrupt("there is no event", at: GlobalPosition(position))
  }

  /// Walks the positions that lists of tags and types name.
  private func read(
    _ postings: QueryPostings,
    _ reading: AllReading,
    _ bounds: PageBounds,
    _ removed: RemovedStreams
  ) throws(EventLogError) -> EventPage {
    let isForward = reading.direction == .forward
    var walk = CandidateWalk(postings, bounds, isForward: isForward)
    let events = EventCursor(self, from: bounds.first, to: bounds.last, isForward: isForward)
    var matcher = QueryMatcher(reading.query)
    var builder = PageBuilder(limit: reading.limit)
    var seen = 0
    while true {
      let position: UInt64
      switch try walk.next(found: builder.count) {
      case .end: return bounds.page(builder.events(), stoppedAt: nil)
      case .paused(let place): return bounds.page(builder.events(), stoppedAt: place)
      case .candidate(let place): position = place
      }
      let step = try consider(position, of: events, reading, &matcher, removed, &builder)
      if case .damaged(let error) = step { throw error }
      if case .noRoom = step {
        return bounds.page(builder.events(), stoppedAt: isForward ? position - 1 : position + 1)
      }
      seen += 1
      if builder.isFull || seen + matcher.extra >= EventLogLimits.pageCandidates {
        return bounds.page(builder.events(), stoppedAt: position)
      }
    }
  }

  func places(_ reading: AllReading, head: GlobalPosition) throws(EventLogError) -> PlacePage {
    let bounds = PageBounds(reading, head: head)
    guard !bounds.isEmpty else { return bounds.page([UInt64](), stoppedAt: nil) }
    guard let postings = try QueryPostings(reading, bounds, in: self) else {
      return PlacePage(try readAll(reading, head: head))
    }
    var places: [UInt64] = []
    while places.count < reading.limit {
      switch try postings.next() {
      case .candidate(let place): places.append(place)
      case .paused(let place): return bounds.page(places, stoppedAt: place)
      case .end: return bounds.page(places, stoppedAt: nil)
      }
    }
    return bounds.page(places, stoppedAt: places.last)
  }

  func events(
    at positions: [GlobalPosition],
    head: GlobalPosition
  ) throws(EventLogError) -> [RecordedEvent] {
    guard let first = positions.first, let last = positions.last else { return [] }
    let reading = AllReading(
      after: nil,
      query: .all,
      direction: first <= last ? .forward : .backward,
      limit: positions.count,
      includeRemoved: true
    )
    let removed = removed.withLock { $0 }
    let events = EventCursor(
      self,
      from: first.number,
      to: last.number,
      isForward: reading.direction == .forward
    )
    var matcher = QueryMatcher(.all)
    var builder = PageBuilder(limit: positions.count)
    for position in positions {
      switch try consider(position.number, of: events, reading, &matcher, removed, &builder) {
      case .looked: break
      case .noRoom: return builder.events()
      case .damaged(let error): throw error
      }
    }
    return builder.events()
  }

  private enum Step {
    case looked
    case noRoom
    case damaged(EventLogError)
  }

  /// Reads the event at a position and considers it.
  private func consider(
    _ position: UInt64,
    of events: EventCursor,
    _ reading: AllReading,
    _ matcher: inout QueryMatcher,
    _ removed: RemovedStreams,
    _ builder: inout PageBuilder
  ) throws(EventLogError) -> Step {
    try storing { () throws(RocksDBError) in
      try events.read(at: position) { value -> Step in
        guard let value else {
          return .damaged(.corrupt("there is no event", at: GlobalPosition(position)))
        }
        return consider(value, at: position, reading, &matcher, removed, &builder)
      }
    }
  }

  /// Checks one stored event and takes it into the page if the read shows it.
  private func consider(
    _ value: UnsafeRawBufferPointer,
    at position: UInt64,
    _ reading: AllReading,
    _ matcher: inout QueryMatcher,
    _ removed: RemovedStreams,
    _ builder: inout PageBuilder
  ) -> Step {
    if let damage = Envelope.damage(in: value) {
      return .damaged(.corrupt(damage, at: GlobalPosition(position)))
    }
    let envelope = RawEnvelope(bytes: value)
    guard envelope.position == position else {
      return .damaged(.corrupt("another event is in its place", at: GlobalPosition(position)))
    }
    guard matcher.matches(value) else { return .looked }
    guard envelope.isRemoved || removed.contain(envelope) else {
      return builder.add(value) ? .looked : .noRoom
    }
    guard reading.includeRemoved else { return .looked }
    let event = RecordedEvent(checked: Array(value), start: 0, count: value.count).removed
    return event.withEnvelope { builder.add($0) } ? .looked : .noRoom
  }
}
