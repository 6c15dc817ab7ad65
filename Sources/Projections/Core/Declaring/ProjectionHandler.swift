public import EventLogCore
public import MessagingCore

/// An error that knows what it means for the lane that meets it.
///
/// What does not conform is `unknown`: tried again, then parked.
public protocol ClassifiedError: Error {
  /// What happens next.
  var kind: ErrorKind { get }
}

extension ReadModelError: ClassifiedError {
  /// Only the store's own failures are outages; damage is for a person to look at.
  public var kind: ErrorKind {
    switch self {
    case .closed, .unavailable, .locked: .outage
    case .damaged, .foreignFormat, .misdeclared, .otherLog: .permanent
    case .fenced: .transient
    }
  }
}

/// A projection as what lanes run, writing to one generation.
public struct ProjectionHandler<P: Projection>: Handler {
  /// The projection.
  public let projection: P
  /// The generation that its effects go to.
  public let store: GenerationStore

  /// Who it is.
  public var id: HandlerID { P.id.handler }
  /// Which streams it asks for.
  public var categories: Set<Category> { P.categories }
  /// Which of their events it wants.
  public var query: EventQuery { P.query }

  /// Folds one event.
  public func handle(
    _ event: RecordedEvent,
    in transaction: inout ReadModelTransaction
  ) throws {
    try projection.apply(event, to: &transaction)
  }

  /// What an error of `handle` means.
  public func kind(of error: any Error) -> ErrorKind {
    (error as? any ClassifiedError)?.kind ?? .unknown
  }
}
