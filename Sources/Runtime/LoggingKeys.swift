/// Keys of log metadata, so that one query finds every case of a fact.
public enum LoggingKeys {
  /// The error that was met.
  public static let error = "error"
  /// A position in the log.
  public static let position = "log.position"
  /// A stream's name.
  public static let stream = "log.stream"
  /// An event's type.
  public static let eventType = "event.type"
  /// The head of the log.
  public static let head = "log.head"
  /// A handler: `service/name@version`.
  public static let handler = "handler.id"
  /// A partition of a handler.
  public static let partition = "handler.partition"
  /// A projection: `name@version`.
  public static let projection = "projection.id"
  /// A request's id.
  public static let requestID = "request.id"
  /// A folder or file.
  public static let path = "path"
  /// A service's name.
  public static let service = "service"
  /// A count of things.
  public static let count = "count"
  /// How long something took, in seconds.
  public static let seconds = "seconds"
}
