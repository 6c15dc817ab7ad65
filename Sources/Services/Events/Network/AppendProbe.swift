internal import EventLogCore

/// Finds out whether appends work, without writing anything.
///
/// It asks for something that is always refused, by the appender itself: a log that takes no
/// appends any more answers otherwise.
struct AppendProbe: Sendable {
  /// How often is asked; a failed disk is told within this time.
  static let pace = Duration.seconds(1)
  /// How long an answer may take; an appender that stands still longer is not serving.
  static let patience = Duration.seconds(4)

  private static let stream: StreamName = "wordweave.health"

  let engine: any EventLogEngine

  /// Whether the log takes appends.
  func works() async -> Bool {
    await withTaskGroup(of: Bool.self) { group in
      group.addTask { await isRefused() }
      group.addTask {
        try? await Task.sleep(for: Self.patience)
        return false
      }
      defer { group.cancelAll() }
      return await group.next() ?? false
    }
  }

  private func isRefused() async -> Bool {
    // No stream ever reaches the highest revision.
    let request = AppendRequest(
      to: Self.stream,
      expecting: .exactly(.max),
      [NewEvent(type: "Probed")]
    )
    do throws(EventLogError) {
      _ = try await engine.append(request)
      return false
    } catch {
      switch error {
      case .conflict, .overloaded: return true
      default: return false
      }
    }
  }
}
