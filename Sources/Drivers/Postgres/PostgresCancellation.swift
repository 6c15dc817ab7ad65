internal import CPostgres

/// Asks the server to stop what a session is doing.
///
/// `@unchecked Sendable`: made with the connection and not changed afterwards; the library says
/// that it may be used from any thread.
public final class PostgresCancellation: @unchecked Sendable {
  private let handle: OpaquePointer

  init(taking handle: OpaquePointer) { self.handle = handle }

  deinit { PQfreeCancel(handle) }

  /// The message the library may write; nobody reads it.
  private static let messageBytes: Int32 = 256

  /// Asks, over a connection of its own, and blocks until the server has taken it; false if it did
  /// not.
  ///
  /// The statement may have ended by then. One that was stopped is refused with 57014.
  @discardableResult
  public func cancel() -> Bool {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(Self.messageBytes)) { message in
      PQcancel(handle, message.baseAddress, Self.messageBytes) == 1
    }
  }
}
