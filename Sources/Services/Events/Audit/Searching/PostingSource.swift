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
    self.range = range.beyond(found.scannedTo)
    return AuditLook(
      events: try await engine.allEvents(at: found.positions),
      scannedTo: found.scannedTo,
      isEnd: found.isEnd,
      cost: found.positions.count + found.rows / 4 + 1
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
    var found = Found(scannedTo: range.first)
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
        found.scannedTo = range.direction == .forward ? range.through : range.after.next
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

/// A walk over one list that can leap.
private struct PostingWalk {
  let view: ReadModelView
  let list: PostingList
  let range: AuditRange
  private(set) var rows = 0
  private var waiting: ArraySlice<GlobalPosition> = []
  private var isExhausted = false
  private var limit = AuditLimits.firstRows

  init(view: ReadModelView, list: PostingList, range: AuditRange) {
    self.view = view
    self.list = list
    self.range = range
  }

  /// The first position at or behind `place` in the direction of the walk; nil if there is none.
  mutating func seek(_ place: GlobalPosition) throws -> GlobalPosition? {
    var passed = 0
    while let next = waiting.first, range.isFurther(place, than: next) {
      waiting.removeFirst()
      passed += 1
    }
    if waiting.isEmpty, !isExhausted {
      // Rows that are walked over one by one are wanted; those that are leapt over were for nothing.
      limit = passed <= 1 ? min(limit * 2, AuditLimits.mostRows) : AuditLimits.firstRows
      try load(from: place)
    }
    return waiting.first
  }

  private mutating func load(from place: GlobalPosition) throws {
    let isBackward = range.direction == .backward
    // Exclusive, so one step before the place.
    let edge = isBackward ? place.number + 1 : place.number - 1
    let found = try view.list(
      list.collection,
      KeyRange(prefix: list.key, after: list.key.with(edge), isBackward: isBackward),
      limit: limit
    )
    rows += found.count + 8
    isExhausted = found.count < limit
    waiting = found.map { AuditIndex.position(of: $0.key) }[...]
    if let beyond = waiting.firstIndex(where: { !range.contains($0) }) {
      waiting = waiting[..<beyond]
      isExhausted = true
    }
  }
}
