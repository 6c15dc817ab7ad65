internal import Synchronization

/// A read-model store in memory, for tests and dry runs.
///
/// Its rows are a value, so a snapshot is a copy that shares everything until one of them changes.
public final class InMemoryReadModelEngine: ReadModelEngine {
  private struct State {
    var rows = SortedRows()
    var isClosed = false
  }

  private let state = Mutex(State())

  /// Makes an empty store.
  public init() {}

  /// About how many bytes of memory its rows take.
  var bytes: Int { state.withLock { $0.rows.bytes } }

  /// Everything as it is now.
  public func snapshot() throws(ReadModelError) -> any ReadModelSource {
    Snapshot(rows: try rows())
  }

  /// The value of a key.
  public func get(_ key: [UInt8]) throws(ReadModelError) -> [UInt8]? {
    try rows().value(of: key)
  }

  /// The values of several keys.
  public func get(_ keys: [[UInt8]]) throws(ReadModelError) -> [[UInt8]?] {
    let rows = try rows()
    return keys.map { rows.value(of: $0) }
  }

  /// Rows of a range.
  public func scan(
    _ range: RowRange,
    isBackward: Bool,
    limit: Int
  ) throws(ReadModelError) -> [ReadModelRow] {
    try rows().rows(range, isBackward: isBackward, limit: limit)
  }

  /// Writes a batch.
  public func commit(_ batch: ReadModelBatch, isSynced: Bool) throws(ReadModelError) {
    let isClosed = state.withLock { state in
      guard !state.isClosed else { return true }
      batch.forEach { kind, key, value in
        let key = Array(key)
        switch kind {
        case .put: state.rows.set(key, Array(value))
        case .delete: state.rows.remove(key)
        case .add:
          let sum = (state.rows.value(of: key)?.counter ?? 0) &+ (Array(value).counter ?? 0)
          var bytes: [UInt8] = []
          bytes.append(counter: sum)
          state.rows.set(key, bytes)
        case .deleteRange:
          let range = RowRange(from: key, to: Array(value))
          for row in state.rows.rows(range, isBackward: false, limit: .max) {
            state.rows.remove(row.key)
          }
        }
      }
      return false
    }
    if isClosed { throw .closed }
  }

  /// Memory has nothing to sync.
  public func sync() throws(ReadModelError) { _ = try rows() }

  /// Exactly how many bytes the rows of a range have.
  public func size(of range: RowRange) throws(ReadModelError) -> UInt64 {
    try rows().rows(range, isBackward: false, limit: .max)
      .reduce(0) { $0 + UInt64($1.key.count + $1.value.count) }
  }

  /// Ends the store for this object; `reopened()` goes on with its rows.
  public func close() { state.withLock { $0.isClosed = true } }

  /// A store with the rows that this one has, as a process finds them when it starts again.
  public func reopened() -> InMemoryReadModelEngine {
    let rows = state.withLock { $0.rows }
    let engine = InMemoryReadModelEngine()
    engine.state.withLock { $0.rows = rows }
    return engine
  }

  private func rows() throws(ReadModelError) -> SortedRows {
    let state = state.withLock { $0 }
    if state.isClosed { throw .closed }
    return state.rows
  }

  private struct Snapshot: ReadModelSource {
    let rows: SortedRows

    func get(_ key: [UInt8]) throws(ReadModelError) -> [UInt8]? { rows.value(of: key) }
    func get(_ keys: [[UInt8]]) throws(ReadModelError) -> [[UInt8]?] {
      keys.map { rows.value(of: $0) }
    }
    func scan(
      _ range: RowRange,
      isBackward: Bool,
      limit: Int
    ) throws(ReadModelError) -> [ReadModelRow] {
      rows.rows(range, isBackward: isBackward, limit: limit)
    }
  }
}
