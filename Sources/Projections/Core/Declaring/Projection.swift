public import EventLogCore
public import MessagingCore

/// The identity of a projection.
///
/// Another version is another projection: it fills a read model of its own.
public struct ProjectionID: Hashable, Sendable, CustomStringConvertible {
  /// The service that owns it.
  public let service: String
  /// The name within the service.
  public let name: String
  /// Grows with every change of what `apply` writes.
  public let version: Int

  /// Makes an identity.
  public init(service: String, name: String, version: Int) {
    self.service = service
    self.name = name
    self.version = version
  }

  /// The identity as a handler of the feed.
  public var handler: HandlerID { HandlerID(service: service, name: name, version: version) }
  /// `service/name`, which stays the same over versions.
  public var title: String { "\(service)/\(name)" }
  /// `service/name@version`.
  public var description: String { handler.description }
}

/// A fold of the log into a read model: pure, disposable, rebuilt at will.
///
/// - Shape: events of one stream come in revision order, exactly once; between streams no order
///   is promised. A document therefore belongs to one stream (its key names the stream's
///   identity); what several streams share is a counter, which commutes.
/// - Errors: whatever `apply` throws is retried or parks the event's stream; it writes nothing.
/// - Source: architecture, decisions 7 to 9.
public protocol Projection: Sendable {
  /// Service, name and version.
  static var id: ProjectionID { get }
  /// Which streams it folds.
  static var categories: Set<Category> { get }
  /// Which of their events it wants.
  static var query: EventQuery { get }
  /// Whether it folds every stream of the log, whatever its category.
  ///
  /// It then follows the log itself, in pages, and no feed; removed events are not told.
  static var isOfWholeLog: Bool { get }
  /// The collections it writes, so that they can be compared and digested.
  static var collections: [any AnyCollection] { get }
  /// Folds one event. No clock, no randomness, no IO but through `model`.
  func apply(_ event: RecordedEvent, to model: inout ReadModelTransaction) throws
}

extension Projection {
  /// Most projections fold the categories that they name.
  public static var isOfWholeLog: Bool { false }
}
