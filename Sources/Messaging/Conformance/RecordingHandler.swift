public import EventLogCore
public import MessagingCore

/// A handler whose effect is to be remembered, and that fails where it is told to.
public struct RecordingHandler: Handler {
  /// An error of a chosen kind.
  public struct Refusal: Error, CustomStringConvertible {
    /// What it means.
    public let kind: ErrorKind
    /// Makes an error.
    public init(_ kind: ErrorKind) { self.kind = kind }
    /// The kind.
    public var description: String { "refused: \(kind)" }
  }

  /// Who it is.
  public let id: HandlerID
  /// Which streams it asks for.
  public let categories: Set<Category>
  /// Which of their events it wants.
  public let query: EventQuery
  /// Where effects go.
  public let store: MemoryLaneStore
  /// Asked before each effect.
  public let refusal: @Sendable (RecordedEvent) -> ErrorKind?

  /// Makes a handler.
  public init(
    name: String = "recording",
    categories: Set<Category>,
    query: EventQuery = .all,
    store: MemoryLaneStore = MemoryLaneStore(),
    refusal: @escaping @Sendable (RecordedEvent) -> ErrorKind? = { _ in nil }
  ) {
    id = HandlerID(service: "conformance", name: name, version: 1)
    self.categories = categories
    self.query = query
    self.store = store
    self.refusal = refusal
  }

  /// Remembers the event.
  public func handle(
    _ event: RecordedEvent,
    in transaction: inout MemoryLaneStore.Transaction
  ) throws {
    if let kind = refusal(event) { throw Refusal(kind) }
    transaction.record(event)
  }

  /// The kind of a refusal.
  public func kind(of error: any Error) -> ErrorKind { (error as? Refusal)?.kind ?? .unknown }
}
