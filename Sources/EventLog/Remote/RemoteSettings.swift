/// How a client reaches an Event Service.
public struct RemoteSettings: Sendable {
  /// Whom the client trusts to be the service.
  public enum Trust: Hashable, Sendable {
    /// Nobody needs to prove anything: the line is plain text.
    case plainText
    /// What the system trusts.
    case system
    /// The certificates of a PEM file.
    case certificates(path: String)
  }

  /// The name or address of the service.
  public var host: String
  /// Its port.
  public var port: Int
  /// Whom the client trusts.
  public var trust: Trust
  /// What is sent as `authorization: Bearer`; nil sends nothing.
  public var token: String?
  /// How long a call is tried again while the service cannot be reached, before it fails.
  public var patience: Duration = .seconds(30)

  /// Makes settings for a service.
  public init(host: String, port: Int, trust: Trust = .plainText, token: String? = nil) {
    self.host = host
    self.port = port
    self.trust = trust
    self.token = token
  }

  /// Says what is wrong with the settings; nil if they can be used.
  ///
  /// A token is sent over plain text to this machine alone.
  public var complaint: String? {
    guard token != nil, trust == .plainText, !isLoopback else { return nil }
    return "the token would cross the network to \(host) in plain text: name whom to trust"
  }

  private var isLoopback: Bool {
    host == "localhost" || host == "::1" || host.hasPrefix("127.")
  }
}
