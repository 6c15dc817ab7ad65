/// What a subscription tells its consumer.
///
/// Positions never go back from one message to the next; each is a safe checkpoint once every
/// message up to it was handled.
public enum SubscriptionMessage: Sendable {
  /// Matching events, ascending, each once; everything up to `scannedTo` was considered.
  case events(EventPage)
  /// Everything up to this position was delivered; what comes now is new.
  case caughtUp(GlobalPosition)
  /// More waits than a slow consumer may hold; events up to this position were delivered and the
  /// rest is read from the log again.
  case fellBehind(GlobalPosition)
  /// Nothing matched up to this position.
  case checkpoint(GlobalPosition)

  /// How far the consumer is when it has handled this message.
  public var position: GlobalPosition {
    switch self {
    case .events(let page): page.scannedTo
    case .caughtUp(let position), .fellBehind(let position), .checkpoint(let position): position
    }
  }
}
