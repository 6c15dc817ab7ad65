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
      let progress = try await Filler(handler(of: generation), from: log).fill(through: head) {
        [applied] progress in
        applied.advance(to: progress.position)
      }
      applied.advance(to: progress.position)
    }
  }

  /// Waits for the pace's interval, or for a reader who wants more than there is.
  private func pauseUnlessWanted() async throws {
    let position = applied.position
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await Task.sleep(for: FollowPace.interval) }
      group.addTask { [wanted] in _ = try await wanted.wait { $0 > position } }
      defer { group.cancelAll() }
      try await group.next()
    }
  }
}
