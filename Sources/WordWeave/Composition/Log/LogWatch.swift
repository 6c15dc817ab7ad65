internal import EventLogCore

/// Ends a process that has read what its log does not hold any more.
///
/// Such a process refuses every read and append until it opens the log anew: whoever looks after it
/// is to start it again, and sees why.
struct LogWatch: Sendable {
  /// How often it looks: seldom enough to cost nothing where the log is another process's.
  private static let pace = Duration.seconds(2)

  let log: any EventLogEngine
  /// Where the log is, without secrets.
  let place: String

  /// Looks until cancelled.
  ///
  /// - Throws: `CommandError` once the log is not the one that this process has read.
  func run() async throws {
    while true {
      try await look()
      try await Task.sleep(for: Self.pace)
    }
  }

  private func look() async throws(CommandError) {
    do throws(EventLogError) {
      _ = try await log.head()
    } catch {
      // Everything else may pass.
      guard case .logEpochChanged(let head) = error else { return }
      throw CommandError(
        "following the log at \(place)",
        found: "it was restored or lost events, ends at \(head), and may not hold what this "
          + "process has read",
        advice: "start it again",
        code: .unavailable
      )
    }
  }
}
