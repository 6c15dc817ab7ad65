internal import CRocksDB
internal import WeaveRuntime

// A writer that was killed leaves files behind that want to be compacted. The library begins with that
// in the middle of the next opening, and on a small machine takes a core from whoever waits for the
// start. It has no call that puts compaction off without a change of its own files, which a disk that
// just failed must not be asked for. But it asks for a filter of rows before it compacts: there it
// waits, and gets none.

/// Holds compaction back for a while; writing out memtables goes on.
final class CompactionGate: Sendable {
  private static let name: StaticString = "wordweave.CompactionGate"

  private let end: ContinuousClock.Instant
  private let monitor = Monitor(false)

  /// A gate that opens by itself after this time.
  init(for time: Duration) { end = .now + time }

  /// Opens at once: for whoever asks for compaction, and whoever closes and would wait for it.
  func open() {
    monitor.withLock { $0 = true }
    monitor.signal()
  }

  private func pass() {
    let left = end - .now
    guard left > .zero else { return }
    // One wakes the next.
    if monitor.wait(atMost: left, { $0 ? true : nil }) == true { monitor.signal() }
  }

  /// Has what is opened with these options wait here; they own their reference.
  func hold(_ options: OpaquePointer?) {
    let factory = rocksdb_compactionfilterfactory_create(
      Unmanaged.passRetained(self).toOpaque(),
      { state in
        guard let state else { return }
        Unmanaged<CompactionGate>.fromOpaque(state).release()
      },
      { state, _ in
        guard let state else { return nil }
        Unmanaged<CompactionGate>.fromOpaque(state).takeUnretainedValue().pass()
        return nil
      },
      { _ in UnsafeRawPointer(CompactionGate.name.utf8Start).assumingMemoryBound(to: CChar.self) }
    )
    rocksdb_options_set_compaction_filter_factory(options, factory)
  }
}
