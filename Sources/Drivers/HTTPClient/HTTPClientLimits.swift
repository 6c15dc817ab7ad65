/// What the client accepts and keeps at most.
public enum HTTPClientLimits {
  /// Connections at once to all hosts together; further requests wait inside the library.
  public static let connections = 64
  /// Connections kept open for the next request; fewer than `connections` would close and open them
  /// again and again under load.
  public static let idleConnections = 64
  /// Prepared handles kept for reuse; each holds some kilobytes.
  public static let idleHandles = 16
  /// Bytes of a body taken as a whole, unless the request says otherwise.
  public static let bodyBytes = 16 << 20
  /// Bytes of one line of a body read line by line.
  public static let lineBytes = 8 << 20
  /// Bytes of an unread stream after which the socket is no longer read.
  public static let unreadBytes = 256 << 10
  /// Bytes of a response's header lines together; more than any honest server sends.
  public static let headerBytes = 64 << 10
}
