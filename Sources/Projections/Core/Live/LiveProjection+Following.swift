internal import EventLogCore
internal import MessagingCore

extension LiveProjection {
  /// Follows the log in pages until cancelled.
  func followLog() async throws {
    applied.refreshed { [wanted] floor in wanted.update { $0 = max($0, floor) } }
    defer { applied.refreshed(by: nil) }
    let generation = row.live
    while true {
      var head = try await log.head(beyond: applied.position)
      var pace = FollowPace(head: head)
      repeat {
        try await pauseUnlessWanted()
        head = try await log.head()
      } while !pace.isDue(head: head, applied: applied.position, wanted: wanted.value)
      try await Filler(handler(of: generation), from: log).fill(
        through: head,
        onCommit: { [applied] position in applied.advance(to: position) }
      )
    }
  }

  /// Waits for the pace's interval, or for a reader who wants more than there is.
  private func pauseUnlessWanted() async throws {
    let position = applied.position
    _ = try await wanted.wait(until: { $0 > position }, within: FollowPace.interval)
  }
}
