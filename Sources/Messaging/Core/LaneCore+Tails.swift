internal import EventLogCore

// How far nothing is missing, and whether something is.
extension LaneCore {
  private func tail(of category: Category, in tails: Tails) -> GlobalPosition {
    tails.tail(
      of: RoutingKey(
        epoch: MessagingLimits.firstRoutingEpoch,
        category: category,
        partition: lane.partition
      )
    )
  }

  private func hasReached(_ tails: Tails) -> Bool {
    categories.allSatisfy { tail(of: $0, in: tails) <= checkpoint.mark(of: $0) }
  }

  /// Keeps tails until they are reached; under steady load the newest alone never would be.
  mutating func learn(_ tails: Tails) {
    guard tails.head > checkpoint.floor else { return }
    // Tails of a younger fold know less of quiet keys; older ones kept waiting must not hide that
    // nothing is missing.
    if isOpen, hasReached(tails) { return checkpoint.raiseFloor(to: tails.head) }
    if awaited == nil { awaited = tails } else { newest = tails }
    advanceByTails()
  }

  mutating func advanceByTails() {
    guard isOpen else { return }
    while let tails = awaited, hasReached(tails) {
      checkpoint.raiseFloor(to: tails.head)
      awaited = newest
      newest = nil
    }
  }

  /// Compares an earlier probe with what happened since: a tail that is not reached, whose mark
  /// stands still and of which nothing is on the way, was lost.
  mutating func look(at tails: Tails) {
    guard isOpen, goal == nil else { return }
    if let earlier = probe, !hasReached(earlier.tails) {
      let onTheWay = Set(buffer.map(\.key.category)).union(queue.map(\.category))
      let isLost = categories.contains { category in
        tail(of: category, in: earlier.tails) > checkpoint.mark(of: category)
          && checkpoint.mark(of: category) == earlier.marks[category]
          && !onTheWay.contains(category)
      }
      if isLost {
        counters.healedByProbe += 1
        goal = earlier.tails.head
        probe = nil
        return
      }
      probe = Probe(tails: earlier.tails, marks: marks)
    } else {
      probe = Probe(tails: tails, marks: marks)
    }
  }

  private var marks: [Category: GlobalPosition] {
    Dictionary(uniqueKeysWithValues: categories.map { ($0, checkpoint.mark(of: $0)) })
  }
}
