internal import Synchronization

/// The highest head that a process was ever told of its log.
///
/// Whatever told it, it was durable then: tables that are behind it are a copy that lags, or have
/// lost what they had.
final class KnownHead: Sendable {
  private let highest = Atomic<UInt64>(0)

  var number: UInt64 { highest.load(ordering: .acquiring) }

  func raise(to head: UInt64) {
    _ = highest.max(head, ordering: .acquiringAndReleasing)
  }
}
