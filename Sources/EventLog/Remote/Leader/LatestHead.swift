internal import EventLogCore
internal import GRPCCore
internal import Schemas
internal import Synchronization

/// The head that came beside the refusal of a call.
final class LatestHead: Sendable {
  private let state = Mutex<GlobalPosition?>(nil)

  var head: GlobalPosition? { state.withLock { $0 } }

  func note(_ metadata: GRPCCore.Metadata) {
    guard let text = metadata[stringValues: EventCalls.headKey].first(where: { _ in true }),
      let number = UInt64(text)
    else { return }
    state.withLock { $0 = GlobalPosition(number) }
  }
}
