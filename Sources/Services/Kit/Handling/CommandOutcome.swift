public import EventLogCore

/// What became of a command.
public struct CommandOutcome<State: Sendable>: Sendable {
  /// The stream it was decided on.
  public let stream: StreamName
  /// Where its last event was written; where the stream ended if it brought about nothing.
  public let position: GlobalPosition
  /// The stream's revision after it; nil for a stream without events.
  public let revision: StreamRevision?
  /// Whether the same command had been answered before, and nothing was written now.
  public let isRepeat: Bool
  /// The state after it, and after nothing else.
  public let state: State
}

/// The command lost its race: the stream is not what its sender expected, or was changed by others
/// each time it was decided.
public struct CommandConflict: Error, Hashable, CustomStringConvertible {
  /// The stream's last revision; nil if it has no events.
  public let current: StreamRevision?

  /// Makes a conflict.
  public init(current: StreamRevision?) { self.current = current }

  /// What was found.
  public var description: String {
    current.map { "It was changed meanwhile; its revision is \($0)." }
      ?? "It was changed meanwhile."
  }
}
