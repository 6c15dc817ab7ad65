internal import DequeModule
internal import Synchronization

/// The last commits in memory, so that who follows the log reads what woke it without a look into
/// the store.
///
/// It holds the bytes that were written and makes no copy. What removes events empties it: the
/// events of every commit it holds are shown as they were written.
final class RecentEvents: Sendable {
  /// Bytes of envelopes that are kept: several commits of a busy log, and little beside its tail.
  static let byteBound = 1 << 20

  private struct State {
    /// Unbroken, in the order of positions.
    var requests: Deque<CommitBatch.Request> = []
    var bytes = 0
    /// The last position that is kept.
    var last: UInt64 = 0
  }

  private let state = Mutex(State())

  /// Keeps what a batch wrote; called before its head is published, in the order of commits.
  func keep(_ batch: CommitBatch) {
    state.withLock { state in
      let isPlain = batch.requests.allSatisfy {
        $0.prepared.removals.isEmpty && !$0.prepared.isRestore
      }
      let follows = batch.requests.first?.firstPosition == state.last + 1
      if !follows || !isPlain || batch.byteCount > Self.byteBound {
        state.requests = []
        state.bytes = 0
      }
      state.last = batch.lastPosition
      guard isPlain, batch.byteCount <= Self.byteBound else { return }
      state.requests.append(contentsOf: batch.requests)
      state.bytes += batch.byteCount
      while state.bytes > Self.byteBound, let first = state.requests.popFirst() {
        state.bytes -= first.prepared.bytes.count
      }
    }
  }

  /// The page that the store would give; nil if not all of its events are here.
  func page(_ reading: AllReading, head: GlobalPosition) -> EventPage? {
    guard reading.direction == .forward, let after = reading.after, after < head else { return nil }
    // A large query is prepared by a thread for reads: here its caller waits.
    guard !reading.query.isLarge else { return nil }
    let requests: Deque<CommitBatch.Request>? = state.withLock { state in
      guard let first = state.requests.first, first.firstPosition <= after.number + 1,
        head.number <= state.last
      else { return nil }
      return state.requests
    }
    guard let requests else { return nil }
    let bounds = PageBounds(reading, head: head)
    var matcher = QueryMatcher(reading.query)
    var events: [RecordedEvent] = []
    var bytes = 0
    var index = Self.index(of: after.number + 1, in: requests)
    var position = after.number + 1
    while index < requests.count {
      let request = requests[index]
      let prepared = request.prepared
      while position - request.firstPosition < UInt64(prepared.events.count) {
        let place = prepared.events[Int(position - request.firstPosition)]
        let event = RecordedEvent(checked: prepared.bytes, start: place.start, count: place.count)
        if matcher.matches(event) {
          if !events.isEmpty, bytes + place.count > EventLogLimits.pageBytes {
            return bounds.page(events, stoppedAt: position - 1)
          }
          bytes += place.count
          events.append(event)
        }
        if position == bounds.last { return bounds.page(events, stoppedAt: nil) }
        if events.count == reading.limit { return bounds.page(events, stoppedAt: position) }
        position += 1
      }
      index += 1
    }
    return nil
  }

  /// The request that holds `position`, which is there.
  private static func index(
    of position: UInt64,
    in requests: Deque<CommitBatch.Request>
  ) -> Int {
    var (low, high) = (0, requests.count - 1)
    while low < high {
      let middle = (low + high + 1) / 2
      if requests[middle].firstPosition <= position { low = middle } else { high = middle - 1 }
    }
    return low
  }
}
