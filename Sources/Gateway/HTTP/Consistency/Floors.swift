internal import Synchronization

/// What each subject wrote or read last, so that nobody sees an older state than before.
///
/// A memory of this process: bounded, and good for ten minutes.
package final class Floors: Sendable {
  /// A session that reads nothing for so long has long been caught up with.
  private static let life: Int64 = 600_000_000
  private static let capacity = 100_000
  private let clock: @Sendable () -> Int64
  private let places: Mutex<GenerationCache<String, (position: UInt64, at: Int64)>>

  /// Starts empty; `clock` gives microseconds since 1970.
  package init(clock: @escaping @Sendable () -> Int64) {
    self.clock = clock
    places = Mutex(GenerationCache(capacity: Self.capacity))
  }

  /// The least position that the subject's next read must reflect, or nil.
  package func floor(of subject: String) -> UInt64? {
    let now = clock()
    return places.withLock { places in
      guard let place = places[subject], now - place.at < Self.life else { return nil }
      return place.position
    }
  }

  /// Remembers a position; it never goes back.
  package func remember(_ position: UInt64, for subject: String) {
    let now = clock()
    places.withLock { places in
      let known = places[subject]?.position ?? 0
      places[subject] = (max(known, position), now)
    }
  }

  /// Forgets everything: the log is another one.
  package func clear() { places.withLock { $0.removeAll() } }
}
