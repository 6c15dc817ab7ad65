internal import EventLogCore
internal import Synchronization

/// Folded streams, so that a load reads only what came afterwards; never the truth.
///
/// Two generations bound it without a list of uses: what is used moves to the young one, and when
/// that holds half of the limit the old one is dropped whole.
final class StateCache<State: Sendable>: Sendable {
  /// What all kept states may weigh, roughly in bytes: small beside a process's other memory.
  ///
  /// Some thousand posts of ordinary length. What is not kept costs a read of its stream.
  static var defaultWeight: Int { 8 << 20 }
  /// What one entry weighs beside its state.
  private static var entryWeight: Int { 256 }

  private struct Shelf: Sendable {
    var young: [StreamName: LoadedStream<State>] = [:]
    var old: [StreamName: LoadedStream<State>] = [:]
    var youngWeight = 0
  }

  private let shelf = Mutex(Shelf())
  private let limit: Int
  private let weigh: @Sendable (State) -> Int

  init(limit: Int = StateCache.defaultWeight, weigh: @escaping @Sendable (State) -> Int) {
    self.limit = limit
    self.weigh = weigh
  }

  subscript(stream: StreamName) -> LoadedStream<State>? {
    shelf.withLock { shelf in
      if let found = shelf.young[stream] { return found }
      guard let found = shelf.old[stream] else { return nil }
      insert(found, stream, into: &shelf)
      return found
    }
  }

  /// Keeps a state, unless a later one is kept.
  func keep(_ loaded: LoadedStream<State>, of stream: StreamName) {
    guard let revision = loaded.revision else { return }
    shelf.withLock { shelf in
      let known = shelf.young[stream] ?? shelf.old[stream]
      if let last = known?.revision, last > revision { return }
      insert(loaded, stream, into: &shelf)
    }
  }

  private func insert(
    _ loaded: LoadedStream<State>,
    _ stream: StreamName,
    into shelf: inout Shelf
  ) {
    let weight = weigh(loaded.state) + Self.entryWeight
    guard weight <= limit / 2 else { return }
    if shelf.youngWeight + weight > limit / 2 {
      shelf.old = shelf.young
      shelf.young = [:]
      shelf.youngWeight = 0
    }
    if let replaced = shelf.young[stream] {
      shelf.youngWeight -= weigh(replaced.state) + Self.entryWeight
    }
    shelf.young[stream] = loaded
    shelf.youngWeight += weight
  }
}
