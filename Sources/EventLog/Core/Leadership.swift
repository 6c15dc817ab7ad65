/// Who appends to a log that several processes have open, and how it is reached.
public struct LogLeader: Hashable, Sendable, CustomStringConvertible {
  /// Where its Event Service listens, as HOST:PORT.
  public let address: String
  /// What lets a request in that another process passes on: known to whoever may open the log's
  /// store, and another one in every term.
  package let secret: String

  package init(address: String, secret: String) {
    self.address = address
    self.secret = secret
  }

  /// The address alone, so that no message tells the secret.
  public var description: String { address }
}

/// Who appends to a log that several processes have open, as one of them knows it.
public enum Leadership: Hashable, Sendable {
  /// This process does.
  case leads
  /// Another process does, which can be reached.
  case follows(LogLeader)
  /// Nobody does as far as is known, or one that told no address.
  case vacant

  /// The other process that leads.
  public var leader: LogLeader? {
    guard case .follows(let leader) = self else { return nil }
    return leader
  }
}

/// An engine of a log that several processes have open and one of them appends to.
///
/// - Shape: as every engine; where it does not lead, an append throws `.notLeader`.
/// - Errors: as every engine.
/// - Source: the event log's specification, section 2.2.
public protocol LedEventLog: EventLogEngine {
  /// Who leads now.
  var leadership: Leadership { get }

  /// Who leads, and each change; a reader who is slow is told the newest alone.
  func leaderships() -> AsyncStream<Leadership>

  /// Whether `secret` is that of the present term, and this process leads it.
  func admits(_ secret: String) -> Bool

  /// Takes notice of a head that the leader published, sooner than the store would tell.
  func learn(of head: GlobalPosition)
}
