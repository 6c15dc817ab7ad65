internal import EventLogCore
internal import ProjectionsCore

/// The positions that lists of the index have in common.
///
/// The lists leap over each other: each is asked for its first position at or behind the greatest
/// that any has named, so a rare list carries a frequent one along.
struct PostingSource: AuditSource {
  let engine: any EventLogEngine
  let index: any ProjectionReader
  let lists: [PostingList]
  private var range: AuditRange

  init(
    _ engine: any EventLogEngine,
    _ index: any ProjectionReader,
    _ lists: [PostingList],
    _ range: AuditRange
  ) {
    self.engine = engine
    self.index = index
    self.lists = lists
    self.range = range
  }

  mutating func look(at candidates: Int) async throws -> AuditLook {
    let (lists, range) = (lists, range)
    let found = try await index.read { view in
      var leap = PostingLeap(view, lists, range)
      return try leap.run(wanting: candidates)
    }
    let events = try await engine.allEvents(at: found.positions, bound: EventPage.messageBytes)
    // Where large events are left, the next look begins behind the last one that was read.
    let stop = events.count < found.positions.count ? events.last?.position : nil
    let scannedTo = stop ?? found.scannedTo
    self.range = range.beyond(scannedTo)
    return AuditLook(
      events: events,
      scannedTo: scannedTo,
      isEnd: stop == nil && found.isEnd,
      cost: events.count + found.rows / AuditLimits.placesPerEvent + 1
    )
  }
}

/// One run of the leaping, over a view of the index.
struct PostingLeap {
  /// What it found.
  struct Found: Sendable {
    var positions: [GlobalPosition] = []
    var scannedTo: GlobalPosition
    var isEnd = false
    var rows = 0
  }

  private var walks: [PostingWalk]
  private let range: AuditRange

  init(_ view: ReadModelView, _ lists: [PostingList], _ range: AuditRange) {
    walks = lists.map { PostingWalk(view: view, list: $0, range: range) }
    self.range = range
  }

  /// Finds at most so many positions, or stops after a bounded number of rows.
  ///
  /// Blocks.
  mutating func run(wanting limit: Int) throws -> Found {
    var found = Found(scannedTo: range.start)
    guard !range.isEmpty else {
      found.isEnd = true
      return found
    }
    var candidate = range.first
    var agreeing = 0
    var turn = 0
    while true {
      guard let place = try walks[turn].seek(candidate) else {
        found.isEnd = true
        found.scannedTo = range.last
        break
      }
      agreeing = place == candidate ? agreeing + 1 : 1
      candidate = place
      if agreeing == walks.count {
        found.positions.append(place)
        found.scannedTo = place
        if range.ends(at: place) {
          found.isEnd = true
          break
        }
        if found.positions.count == limit { break }
        candidate = range.beyond(place).first
        agreeing = 0
      } else if walks.reduce(0, { $0 + $1.rows }) >= AuditLimits.lookRows {
        // Everything before the candidate is known not to be common to all.
        let before = range.direction == .forward ? place.number - 1 : place.number + 1
        found.scannedTo = GlobalPosition(before)
        break
      }
      turn = (turn + 1) % walks.count
    }
    found.rows = walks.reduce(0) { $0 + $1.rows }
    return found
  }
}
