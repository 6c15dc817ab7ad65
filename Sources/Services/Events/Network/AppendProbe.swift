package import EventLogCore

/// Finds out whether appends work, without writing anything.
///
/// It asks for something that is always refused, by the appender itself: a log that takes no
/// appends any more answers otherwise.
package struct AppendProbe: Sendable {
  /// How often is asked; a failed disk is told within this time.
  static let pace = Duration.seconds(1)
  /// How long an answer may take; an appender that stands still longer is not serving.
  static let patience = Duration.seconds(4)

  private static let stream: StreamName = "wordweave.health"

  private let engine: any EventLogEngine

  /// Makes one that asks `engine`.
  package init(engine: any EventLogEngine) { self.engine = engine }

  /// Why the log takes no appends; nil if it does.
  package func failure() async -> String? {
    await withTaskGroup(of: String?.self) { group in
      group.addTask { await complaint() }
      group.addTask {
        try? await Task.sleep(for: Self.patience)
        return "the log did not answer within \(Self.patience)"
      }
      defer { group.cancelAll() }
      guard let first = await group.next() else { return nil }
      return first
    }
  }

  /// What the log says other than that it refuses.
  private func complaint() async -> String? {
    // No stream ever reaches the highest revision.
    let request = AppendRequest(
      to: Self.stream,
      expecting: .exactly(.max),
      [NewEvent(type: "Probed")]
    )
    do throws(EventLogError) {
      _ = try await engine.append(request)
      return "the log took what it has to refuse"
    } catch {
      switch error {
      case .conflict, .overloaded: return nil
      default: return error.description
      }
    }
  }
}
