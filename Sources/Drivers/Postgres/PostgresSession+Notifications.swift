internal import CPostgres
internal import Glibc

/// A message that another session sent to a channel.
public struct PostgresNotification: Hashable, Sendable {
  /// The channel.
  public let channel: String
  /// What was sent.
  public let payload: String
  /// The server's process of the session that sent it.
  public let process: Int32
}

extension PostgresSession {
  /// Begins to receive what is sent to a channel.
  public func listen(to channel: String) throws(PostgresError) {
    let name = channel.split(separator: "\"", omittingEmptySubsequences: false)
      .joined(separator: "\"\"")
    try run(PostgresStatement("listen", isPrepared: false, "LISTEN \"\(name)\"")())
  }

  /// Sends a message to a channel; it goes out when the transaction commits.
  public func notify(_ channel: String, _ payload: String) throws(PostgresError) {
    try run(Self.notification(.text(channel), .text(payload)))
  }

  private static let notification = PostgresStatement("notify", "SELECT pg_notify($1, $2)")

  /// What has arrived, without waiting.
  public func notifications() throws(PostgresError) -> [PostgresNotification] {
    let attempt = "receive notifications"
    let connection = try open(attempt)
    guard PQconsumeInput(connection) == 1, isOpen else { throw lost(attempt) }
    var notifications: [PostgresNotification] = []
    while let notification = PQnotifies(connection) {
      defer { PQfreemem(notification) }
      notifications.append(
        PostgresNotification(
          channel: String(cString: notification.pointee.relname),
          payload: String(cString: notification.pointee.extra),
          process: notification.pointee.be_pid
        )
      )
    }
    return notifications
  }

  /// Waits until something arrives, `wake` is rung or the time is over.
  public func waitForNotifications(
    for patience: Duration,
    or wake: PostgresWake
  ) throws(PostgresError) -> [PostgresNotification] {
    let socket = PQsocket(try open("wait for notifications"))
    wake.wait(for: patience, or: socket)
    return try notifications()
  }
}

/// Wakes a thread that waits for a socket.
public final class PostgresWake: Sendable {
  private let reading: Int32
  private let writing: Int32

  /// Makes a wake.
  ///
  /// - Throws: `.connectionFailed` where the process has no descriptors left.
  public init() throws(PostgresError) {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else {
      let reason = String(cString: strerror(errno))
      throw PostgresError(.connectionFailed, attempt: "make a pipe", found: reason)
    }
    for end in ends {
      _ = fcntl(end, F_SETFL, O_NONBLOCK)
      _ = fcntl(end, F_SETFD, FD_CLOEXEC)
    }
    reading = ends[0]
    writing = ends[1]
  }

  deinit {
    _ = Glibc.close(reading)
    _ = Glibc.close(writing)
  }

  /// Ends the wait under way, or the next one.
  public func ring() {
    var byte: UInt8 = 1
    // A full pipe rings already.
    _ = write(writing, &byte, 1)
  }

  /// Waits until it is rung, the socket has something to read, or the time is over.
  public func wait(for patience: Duration, or socket: Int32 = -1) {
    var descriptors = [
      pollfd(fd: reading, events: Int16(POLLIN), revents: 0),
      pollfd(fd: socket, events: Int16(POLLIN), revents: 0),
    ]
    guard patience > .zero else { return }
    _ = poll(&descriptors, 2, patience.pollMilliseconds)
    var bytes = (UInt64(0), UInt64(0))
    while read(reading, &bytes, 16) > 0 {}
  }
}
