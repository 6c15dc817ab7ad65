/// Why an exchange did not come to its end.
///
/// An answer of any status is no error: what 404 means is for the caller to say.
public struct HTTPClientError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The kind of failure; open, so that a new kind breaks no caller.
  public struct Code: Hashable, Sendable, CustomStringConvertible {
    /// The kind's name.
    public let description: String
    /// The request cannot be sent as it is.
    public static let malformedRequest = Code(description: "malformed request")
    /// The host has no address, or nothing listens there.
    public static let connectionFailed = Code(description: "connection failed")
    /// The connection ended in the middle of the exchange.
    public static let connectionLost = Code(description: "connection lost")
    /// A time limit passed.
    public static let timedOut = Code(description: "timed out")
    /// The certificate is not trusted, or TLS failed otherwise.
    public static let untrusted = Code(description: "not trusted")
    /// The answer is larger than the caller allows.
    public static let bodyTooLarge = Code(description: "body too large")
    /// The task was cancelled.
    public static let cancelled = Code(description: "cancelled")
    /// The client was shut down.
    public static let closed = Code(description: "closed")
    /// Anything else the library reports.
    public static let other = Code(description: "failed")
  }

  /// The kind of failure.
  public let code: Code
  /// What was attempted and what was found.
  public let message: String

  init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  /// Whether the same request may succeed later.
  public var isRetriable: Bool {
    [.connectionFailed, .connectionLost, .timedOut].contains(code)
  }

  /// The code and the message.
  public var description: String { "\(code): \(message)" }
}
