internal import EventLogCore
internal import ProjectionsCore

/// A walk over one list that can leap.
struct PostingWalk {
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
      // Where most of the rows were passed at once, they were for nothing.
      limit = passed <= limit / 2 ? min(limit * 2, AuditLimits.mostRows) : AuditLimits.firstRows
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
