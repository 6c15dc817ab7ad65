internal import EventLogCore
internal import Synchronization

/// The large requests that are served, over all connections, in bytes.
///
/// A request above `WireCall.shortBytes` waits for a thread, is decoded there and waits for the log.
/// Its connection bounds what is not whole yet, the log what it queues; this bounds what is between.
final class LargeRequests: Sendable {
  /// Bytes that may be served at once: what the log queues, and as much that waits to be decoded
  /// meanwhile.
  static let bytes = 2 * EventLogLimits.queuedBytes
  /// When whoever is told that there are too many shall try again: in this time a thread decodes
  /// some of the largest.
  static let retryDelay = Duration.milliseconds(100)

  private let bound: Int
  private let served = Atomic<Int>(0)

  init(bytes: Int = LargeRequests.bytes) { bound = bytes }

  /// Counts a request that is going to be served; false if there are too many.
  func take(_ count: Int) -> Bool {
    // One that is larger than the bound is served alone.
    let before = served.wrappingAdd(count, ordering: .relaxed).oldValue
    if before == 0 || before + count <= bound { return true }
    served.wrappingSubtract(count, ordering: .relaxed)
    return false
  }

  /// A request that was counted is served.
  func give(_ count: Int) { served.wrappingSubtract(count, ordering: .relaxed) }
}
