internal import EventLogCore
internal import ProjectionsCore

/// The log's own lists of types and tags, of whose positions the index's lists leave those that they
/// name as well: only these events are read.
struct JoinedSource: AuditSource {
  let engine: any EventLogEngine
  let index: any ProjectionReader
  let query: EventQuery
  let lists: [PostingList]
  let range: AuditRange
  private var place: GlobalPosition

  init(
    _ engine: any EventLogEngine,
    _ index: any ProjectionReader,
    _ criteria: AuditCriteria,
    _ range: AuditRange
  ) {
    self.engine = engine
    self.index = index
    query = criteria.query
    lists = criteria.lists
    self.range = range
    place = range.start
  }

  mutating func look(at candidates: Int) async throws -> AuditLook {
    let page = try await engine.places(
      after: place,
      matching: query,
      direction: range.direction,
      limit: min(candidates * AuditLimits.placesPerEvent, EventLogLimits.pageEvents)
    )
    let places = page.positions.filter(range.contains)
    let (lists, range) = (lists, range)
    let found = try await index.read { view in
      var filter = PostingFilter(view, lists, range)
      return try filter.run(places, wanting: candidates)
    }
    let events = try await engine.allEvents(at: found.positions, bound: EventPage.messageBytes)
    // Where large events are left, the next look begins behind the last one that was read.
    let stop = events.count < found.positions.count ? events.last?.position : nil
    let isWhole = stop == nil && found.looked == places.count
    place = stop ?? (isWhole ? page.scannedTo : places[found.looked - 1])
    let isEnd = isWhole && (page.isEnd || range.ends(at: page.scannedTo))
    return AuditLook(
      events: events,
      scannedTo: place,
      isEnd: isEnd,
      cost: events.count + (found.rows + found.looked) / AuditLimits.placesPerEvent + 1
    )
  }
}

/// Leaves of some positions those that stand in all lists.
struct PostingFilter {
  /// What was left.
  struct Found: Sendable {
    var positions: [GlobalPosition] = []
    /// How many of the positions were looked at.
    var looked = 0
    var rows = 0
  }

  private var walks: [PostingWalk]

  init(_ view: ReadModelView, _ lists: [PostingList], _ range: AuditRange) {
    walks = lists.map { PostingWalk(view: view, list: $0, range: range) }
  }

  /// Looks at positions in the order of the walk until so many are left, or a bounded number of rows
  /// was walked over.
  ///
  /// Blocks.
  mutating func run(_ places: [GlobalPosition], wanting limit: Int) throws -> Found {
    var found = Found()
    for place in places {
      found.looked += 1
      if try isInAll(place) { found.positions.append(place) }
      found.rows = walks.reduce(0) { $0 + $1.rows }
      if found.positions.count == limit || found.rows >= AuditLimits.lookRows { break }
    }
    return found
  }

  private mutating func isInAll(_ place: GlobalPosition) throws -> Bool {
    for index in walks.indices where try walks[index].seek(place) != place { return false }
    return true
  }
}
