package import EventLogCore

extension Checkpoint {
  /// Raises the floor; marks at or below it say nothing any more.
  package mutating func raiseFloor(to position: GlobalPosition) {
    guard position > floor else { return }
    floor = position
    if !marks.isEmpty { marks = marks.filter { $0.value > position } }
  }

  /// Notes that an event was handled or parked; where every category is beyond the floor, so is
  /// everything up to the lowest of their marks.
  package mutating func mark(
    _ category: Category,
    at position: GlobalPosition,
    among categories: Set<Category>
  ) {
    guard position > mark(of: category) else { return }
    marks[category] = position
    guard marks.count == categories.count, let lowest = marks.values.min() else { return }
    raiseFloor(to: lowest)
  }

  /// Takes in what another view of the same lane knows to be handled.
  package mutating func merge(_ other: Checkpoint) {
    for (category, position) in other.marks where position > mark(of: category) {
      marks[category] = position
    }
    raiseFloor(to: other.floor)
    marks = marks.filter { $0.value > floor }
  }

  /// The same checkpoint for `identity`; nil if it speaks of another log, or of more than what
  /// was left of it when it was restored (M9, L36).
  package func accepted(by identity: LogIdentity) -> Checkpoint? {
    guard log.id == identity.id else { return nil }
    var result = self
    result.log = identity
    guard let end = identity.end(ofEpoch: log.epoch), floor <= end,
      marks.values.allSatisfy({ $0 <= end })
    else { return nil }
    return result
  }
}
