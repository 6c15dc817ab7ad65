internal import EventLogCore
internal import PostgresDriver

extension PostgresStorage {
  func readAll(_ reading: AllReading, head: GlobalPosition) throws(EventLogError) -> EventPage {
    let bounds = PageBounds(reading, head: head)
    guard !bounds.isEmpty else { return bounds.page([], stoppedAt: nil) }
    let low = min(bounds.first, bounds.last)
    let high = max(bounds.first, bounds.last)
    let keys = try QueryKeys(reading.query, from: low, through: high, in: self)
    return try walk(keys, reading, bounds, head)
  }

  /// Walks the candidates chunk by chunk until the page is full, its bound of candidates is
  /// reached, or nothing is left.
  ///
  /// What the server looks up for a chunk counts as candidates, too: it does so for each key anew.
  private func walk(
    _ keys: QueryKeys,
    _ asked: AllReading,
    _ bounds: PageBounds,
    _ head: GlobalPosition
  ) throws(EventLogError) -> EventPage {
    let isForward = asked.direction == .forward
    var matcher = QueryMatcher(asked.query)
    var builder = PageEvents(limit: asked.limit)
    var next = bounds.first
    var seen = 0
    var wanted = asked.limit
    while true {
      let count = min(keys.bound(wanted), EventLogLimits.pageCandidates - seen)
      let chunk = try candidates(
        keys,
        from: isForward ? next : bounds.last,
        through: isForward ? bounds.last : next,
        direction: asked.direction,
        count: count,
        includeRemoved: asked.includeRemoved,
        head: head
      )
      for candidate in chunk.events {
        if keys.isScan, candidate.position != next {
          throw .corrupt("there is no event", at: GlobalPosition(next))
        }
        next = isForward ? candidate.position + 1 : candidate.position - 1
        seen += 1
        if let event = candidate.shown(by: asked, &matcher), !builder.add(event) {
          // It opens the next page.
          let before = isForward ? candidate.position - 1 : candidate.position + 1
          return bounds.page(builder.events, stoppedAt: before)
        }
        if candidate.position == bounds.last { return bounds.page(builder.events, stoppedAt: nil) }
        if builder.isFull || seen + matcher.extra >= EventLogLimits.pageCandidates {
          return bounds.page(builder.events, stoppedAt: candidate.position)
        }
      }
      guard chunk.hasMore, let last = chunk.events.last else {
        if keys.isScan { throw .corrupt("there is no event", at: GlobalPosition(next)) }
        return bounds.page(builder.events, stoppedAt: nil)
      }
      seen += keys.count
      guard seen < EventLogLimits.pageCandidates else {
        return bounds.page(builder.events, stoppedAt: last.position)
      }
      wanted = min(wanted * 2, EventLogLimits.pageEvents)
    }
  }

  /// An event that may match.
  struct Candidate {
    let position: UInt64
    /// Nil where it was removed and is not shown.
    let event: RecordedEvent?
    /// Whether truncation or a tombstone removed it.
    let isGone: Bool

    /// The event as the read shows it, nil if it does not; `matcher` is of the read's query.
    func shown(by reading: AllReading, _ matcher: inout QueryMatcher) -> RecordedEvent? {
      guard let event, matcher.matches(event) else { return nil }
      guard isGone || event.isRemoved else { return event }
      guard reading.includeRemoved else { return nil }
      return event.isRemoved ? event : event.removed
    }
  }

  struct Chunk {
    let events: [Candidate]
    /// Whether there may be more behind the last.
    let hasMore: Bool
  }

  /// Reads at most `count` candidates between two positions, fewer if they are large.
  func candidates(
    _ keys: QueryKeys,
    from low: UInt64,
    through high: UInt64,
    direction: Direction,
    count: Int,
    includeRemoved: Bool,
    head: GlobalPosition
  ) throws(EventLogError) -> Chunk {
    guard !keys.isEmpty else { return Chunk(events: [], hasMore: false) }
    let values: [PostgresValue] = [
      .int8(Int64(bound: low)), .int8(Int64(bound: high)), .int8(Int64(count)),
      .int8(Int64(EventLogLimits.pageBytes)), .bool(includeRemoved),
    ]
    let call =
      keys.isScan
      ? PostgresCall(ReadStatements.scan(direction), values)
      : PostgresCall(
        ReadStatements.candidates(direction),
        values + [.byteArrays(keys.tags), .byteArrays(keys.types)]
      )
    return try chunk(call, of: count, head: head)
  }

  /// Runs a statement that reads at most `count` candidates.
  private func chunk(
    _ call: PostgresCall,
    of count: Int,
    head: GlobalPosition
  ) throws(EventLogError) -> Chunk {
    let rows = try reading { session throws(PostgresError) in try session.run(call) }
    try check(rows, against: head)
    try see(rows, beyond: head)
    var events: [Candidate] = []
    events.reserveCapacity(rows.count)
    var bytes = 0
    var hides = false
    for row in 0..<rows.count {
      guard let number = rows.integer(row, 2) else { break }
      let position = UInt64(bitPattern: number)
      let isThere = !rows.isNull(row, 4)
      let event = isThere ? try Self.event(rows, row, 4, at: position) : nil
      bytes += event?.withEnvelope { $0.count } ?? 0
      hides = hides || !isThere
      events.append(
        Candidate(position: position, event: event, isGone: rows.bool(row, 3) ?? false)
      )
    }
    // A chunk that is short may have ended at its bytes, of events that it does not show as well.
    let isCut = events.count == count || hides || bytes >= EventLogLimits.pageBytes
    return Chunk(events: events, hasMore: !events.isEmpty && isCut)
  }
}

extension PostgresStorage {
  func places(_ reading: AllReading, head: GlobalPosition) throws(EventLogError) -> PlacePage {
    let bounds = PageBounds(reading, head: head)
    guard !bounds.isEmpty else { return bounds.page([UInt64](), stoppedAt: nil) }
    let low = min(bounds.first, bounds.last)
    let high = max(bounds.first, bounds.last)
    let keys = try QueryKeys(reading.query, from: low, through: high, in: self)
    guard !keys.isScan else { return PlacePage(try readAll(reading, head: head)) }
    guard !keys.isEmpty else { return bounds.page([UInt64](), stoppedAt: nil) }
    let count = keys.bound(reading.limit)
    let rows = try self.reading { session throws(PostgresError) in
      try session.run(
        ReadStatements.places(reading.direction)(
          .int8(Int64(bound: low)),
          .int8(Int64(bound: high)),
          .int8(Int64(count)),
          .byteArrays(keys.tags),
          .byteArrays(keys.types)
        )
      )
    }
    try check(rows, against: head)
    let places = (0..<rows.count).compactMap { rows.integer($0, 2) }.map { UInt64(bitPattern: $0) }
    return bounds.page(places, stoppedAt: places.count < count ? nil : places.last)
  }

  func events(
    at positions: [GlobalPosition],
    head: GlobalPosition
  ) throws(EventLogError) -> [RecordedEvent] {
    guard let first = positions.first, let last = positions.last else { return [] }
    var array = PostgresArray(of: .int8, count: positions.count, bytes: positions.count * 8)
    for position in positions { array.append(position.number) }
    let call = PostgresCall(
      ReadStatements.chosen(first <= last ? .forward : .backward),
      [
        .int8(Int64(bound: min(first, last).number)), .int8(Int64(bound: max(first, last).number)),
        .int8(Int64(positions.count)), .int8(Int64(EventLogLimits.pageBytes)), .bool(true),
        array.value,
      ]
    )
    let chunk = try chunk(call, of: positions.count, head: head)
    // The server ends a page only behind its first event.
    guard chunk.events.first?.position == first.number else {
      throw .corrupt("there is no event", at: first)
    }
    var page = PageEvents(limit: positions.count)
    for (candidate, position) in zip(chunk.events, positions) {
      guard candidate.position == position.number, let event = candidate.event else {
        throw .corrupt("there is no event", at: position)
      }
      let shown = candidate.isGone && !event.isRemoved ? event.removed : event
      guard page.add(shown) else { break }
    }
    return page.events
  }
}

/// What to look up in the indexes to find everything a query matches.
struct QueryKeys {
  let tags: [[UInt8]]
  let types: [[UInt8]]
  /// Whether the events themselves are walked.
  let isScan: Bool

  var isEmpty: Bool { !isScan && tags.isEmpty && types.isEmpty }
  /// How many keys are looked up.
  var count: Int { tags.count + types.count }

  /// Rows a chunk may gather on the server before they are merged, over all keys.
  private static let gatheredRows = 262_144
  /// Up to here tags are counted to find the rarest; beyond it they are all common.
  private static let countBound: Int64 = 4096

  /// How many candidates to ask for at once.
  func bound(_ wanted: Int) -> Int {
    min(wanted, max(16, Self.gatheredRows / max(1, count)))
  }

  /// Chooses one tag of every item, the rarest between the two positions.
  ///
  /// Items without tags are found by their types. Where there are fewer events than texts to look up,
  /// the events are walked.
  ///
  /// - counting: rows that may be counted over all tags; each is counted up to one row at least.
  init(
    _ query: EventQuery,
    from low: UInt64,
    through high: UInt64,
    counting rows: Int = .max,
    in storage: PostgresStorage
  ) throws(EventLogError) {
    let lookUps = query.items.reduce(0) { $0 + ($1.tags.isEmpty ? $1.types.count : $1.tags.count) }
    isScan = query.matchesEverything || high - low + 1 < UInt64(lookUps)
    guard !isScan else {
      tags = []
      types = []
      return
    }
    let several = query.items.filter { $0.tags.count > 1 }
    let counts = try Self.counts(of: several.flatMap(\.tags), low, high, rows, storage)
    var tags: Set<[UInt8]> = []
    var types: Set<[UInt8]> = []
    for item in query.items {
      guard !item.tags.isEmpty else {
        for type in item.types { types.insert(Array(type.text.utf8)) }
        continue
      }
      let keys = item.tags.map { Array($0.text.utf8) }
      guard let rarest = keys.min(by: { counts[$0] ?? 0 < counts[$1] ?? 0 }) else { continue }
      // A tag that nobody bears: the item matches nothing.
      if keys.count > 1, counts[rarest] == 0 { continue }
      tags.insert(rarest)
    }
    self.tags = Array(tags)
    self.types = Array(types)
  }

  private static func counts(
    of tags: [Tag],
    _ low: UInt64,
    _ high: UInt64,
    _ rows: Int,
    _ storage: PostgresStorage
  ) throws(EventLogError) -> [[UInt8]: Int64] {
    let keys = Array(Set(tags.map { Array($0.text.utf8) }))
    guard !keys.isEmpty else { return [:] }
    // Nought must go on meaning that nobody bears it.
    let bound = min(countBound, max(1, Int64(rows / keys.count)))
    let answers = try storage.reading { session throws(PostgresError) in
      try session.run([
        ReadStatements.logHead(),
        ReadStatements.countTags(
          .byteArrays(keys),
          .int8(Int64(bound: low)),
          .int8(Int64(bound: high)),
          .int8(bound)
        ),
      ])
    }
    // No tag is taken for unknown by a server that lacks what was asked for.
    guard let first = answers.first, let rows = answers.last else { return [:] }
    try storage.check(first, against: GlobalPosition(high))
    var counts: [[UInt8]: Int64] = [:]
    for row in 0..<rows.count {
      guard let number = rows.integer(row, 0), let count = rows.integer(row, 1) else { continue }
      counts[keys[Int(number) - 1]] = count
    }
    return counts
  }
}

extension PostgresStorage {
  /// Candidates looked at first for a condition; most conditions match at once or never.
  private static let firstCandidates = 16

  /// Goes on with searches for the first events that conditions match, removed ones too (law L14).
  func search(_ searches: [ConditionSearch], steps: Int) throws(EventLogError) {
    for search in searches where !search.isDone { try goOn(search, steps: steps) }
  }

  /// A step is an event that is looked at or a key that the server looks up.
  private func goOn(_ search: ConditionSearch, steps: Int) throws(EventLogError) {
    // The turn before may have taken its last step at the head.
    guard search.place <= search.head else { return search.end() }
    let head = GlobalPosition(search.head)
    var matcher = search.condition.matcher
    let keys = try keys(of: search, steps: steps)
    var wanted = Self.firstCandidates
    var left = steps
    while search.place <= search.head {
      let chunk = try candidates(
        keys,
        from: search.place,
        through: search.head,
        direction: .forward,
        count: keys.bound(wanted),
        includeRemoved: true,
        head: head
      )
      for candidate in chunk.events {
        if keys.isScan, candidate.position != search.place {
          throw .corrupt("there is no event", at: GlobalPosition(search.place))
        }
        if let event = candidate.event, matcher.matches(event) {
          search.found(candidate.position)
          return search.end()
        }
        search.place = candidate.position + 1
      }
      guard chunk.hasMore else {
        if keys.isScan, search.place <= search.head {
          throw .corrupt("there is no event", at: GlobalPosition(search.place))
        }
        break
      }
      left -= chunk.events.count + keys.count
      guard left - matcher.extra > 0 else { return }
      wanted = min(wanted * 4, EventLogLimits.pageEvents)
    }
    search.end()
  }

  /// Chosen once for a search, and by counting no more rows than a turn has steps: a turn is to be
  /// spent on events.
  private func keys(of search: ConditionSearch, steps: Int) throws(EventLogError) -> QueryKeys {
    if let kept = search.kept as? QueryKeys { return kept }
    let keys = try QueryKeys(
      search.condition.query,
      from: search.place,
      through: search.head,
      counting: steps,
      in: self
    )
    search.kept = keys
    return keys
  }
}
