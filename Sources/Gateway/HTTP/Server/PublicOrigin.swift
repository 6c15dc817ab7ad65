internal import Synchronization

/// The origin that clients see; known from the start, or once the port is.
public final class PublicOrigin: Sendable {
  private let value: Mutex<String>

  /// Starts with the configured origin, or with the address that will be listened at.
  public init(_ configuration: GatewayConfiguration) {
    value = Mutex(
      configuration.publicOrigin ?? "http://\(configuration.host):\(configuration.port)"
    )
  }

  /// The origin, without a slash at the end.
  public var text: String { value.withLock { $0 } }

  func set(_ text: String) { value.withLock { $0 = text } }
}
