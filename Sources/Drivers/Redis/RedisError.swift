/// Why Redis did not do what it was asked.
///
/// Texts never hold a password, a key or a value.
public struct RedisError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The kind of failure; open, so that a new kind breaks no caller.
  public struct Code: Hashable, Sendable, CustomStringConvertible {
    /// The kind's name.
    public let description: String
    /// The URL is not one of a Redis.
    public static let malformedURL = Code(description: "malformed URL")
    /// No connection could be made.
    public static let connectionFailed = Code(description: "connection failed")
    /// The connection ended in the middle of an exchange.
    public static let connectionLost = Code(description: "connection lost")
    /// No answer came in time; the connection is given up.
    public static let timedOut = Code(description: "timed out")
    /// The server refused a command.
    public static let refused = Code(description: "refused")
    /// What came is no answer to what was asked; the connection is given up.
    public static let unexpected = Code(description: "unexpected")
    /// A command or an answer is larger than `RedisLimits` allow.
    public static let tooLarge = Code(description: "too large")
    /// Not sent: there is no connection now.
    public static let away = Code(description: "away")
    /// Not sent: as many requests as may are waiting already.
    public static let overloaded = Code(description: "overloaded")
  }

  /// The kind.
  public let code: Code
  /// What was attempted.
  public let attempt: String
  /// What was found.
  public let found: String

  /// Makes an error.
  public init(_ code: Code, attempt: String, found: String) {
    self.code = code
    self.attempt = attempt
    self.found = found
  }

  /// Whether nothing was sent, so that it cost no time.
  public var isSkip: Bool { code == .away || code == .overloaded }

  /// Whether the same may succeed later.
  public var isRetriable: Bool {
    [.connectionFailed, .connectionLost, .timedOut, .away, .overloaded].contains(code)
  }

  /// What was attempted and what was found.
  public var description: String { "\(attempt): \(found)" }
}
