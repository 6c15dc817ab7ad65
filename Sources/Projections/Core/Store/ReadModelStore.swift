internal import EventLogCore
internal import Synchronization
internal import WeaveRuntime

/// The read models of one service: an engine, and the threads that call it.
///
/// - Shape: any number of projections share it, each in generations of its own.
/// - Errors: `init` throws `.foreignFormat` if a newer build wrote the store.
public final class ReadModelStore: Sendable {
  /// Threads that may wait for the store at once; more reads queue in order.
  private static let threads = 4
  private static let formatVersion: UInt8 = 1

  /// Locks of commits; generations whose numbers meet share one.
  private static let commitLocks = 16

  let engine: any ReadModelEngine
  /// Documents that were read lately.
  let cache = DocumentCache()
  private let pool: BlockingPool
  // Held while the projection rows are read and written again. They change a few times a year.
  private let rows = Mutex(())
  private let commits: [CommitLock]

  /// Takes over an open engine; `close()` closes it.
  public init(_ engine: any ReadModelEngine, named name: String = "read-model") throws {
    if let format = try engine.get(RowKeys.format) {
      guard format == [Self.formatVersion] else {
        throw ReadModelError.foreignFormat("format \(format), this build reads 1")
      }
    } else {
      var batch = ReadModelBatch()
      batch.put(RowKeys.format, [Self.formatVersion])
      try engine.commit(batch, isSynced: true)
    }
    self.engine = CachedEngine(base: engine, cache: cache)
    commits = (0..<Self.commitLocks).map { _ in CommitLock() }
    pool = BlockingPool(name: name, threads: Self.threads)
  }

  /// Ends the threads and closes the engine; what is running ends first.
  public func close() async {
    let engine = engine
    await pool.run { engine.close() }
    pool.shutdown()
  }

  func run<R: Sendable>(_ body: @escaping @Sendable () throws -> R) async throws -> R {
    try await pool.run(body)
  }

  /// Reads a generation at one moment, on a thread of the store.
  package func read<R: Sendable>(
    generation: UInt32,
    _ body: @escaping @Sendable (ReadModelView) throws -> R
  ) async throws -> R {
    try await run { [engine] in
      let source = try engine.snapshot()
      return try body(
        ReadModelView(appliedPosition: .start, source: source, generation: generation)
      )
    }
  }

  /// Lets no other commit to a generation pass, so that no claim comes between the check of its
  /// fences and the write.
  ///
  /// Blocks.
  func committing(
    to generation: UInt32,
    _ body: () throws(ReadModelError) -> Void
  ) throws(ReadModelError) {
    let lock = commits[Int(generation) % Self.commitLocks]
    let result = lock.mutex.withLock { _ -> Result<Void, ReadModelError> in
      do throws(ReadModelError) { return .success(try body()) } catch { return .failure(error) }
    }
    try result.get()
  }

  /// The row of a projection; nil if it was never registered.
  ///
  /// Blocks.
  func projection(_ title: String) throws -> ProjectionRow? {
    try engine.get(RowKeys.projection(title)).map { try ProjectionRow(row: $0) }
  }

  /// Changes the row of a projection in one synced commit, and drops the generations that it no
  /// longer names.
  ///
  /// Blocks.
  ///
  /// - told: takes the row as it is now, before anybody else changes it: whoever remembers rows
  ///   outside would otherwise end with an older one.
  @discardableResult
  func change(
    _ title: String,
    _ body: (inout ProjectionRow, () -> UInt32) throws -> Void,
    told: (ProjectionRow) -> Void = { _ in }
  ) throws -> ProjectionRow {
    let result = rows.withLock { _ -> Result<ProjectionRow, any Error> in
      Result {
        var last: UInt32 = 0
        if let bytes = try engine.get(RowKeys.lastGeneration), bytes.count == 4 {
          last = bytes.withUnsafeBytes { $0.littleEndian(UInt32.self, at: 0) }
        }
        let old = try projection(title) ?? ProjectionRow()
        var row = old
        try body(&row) {
          last += 1
          return last
        }
        if row != old { try write(row, of: title, insteadOf: old, lastGeneration: last) }
        told(row)
        return row
      }
    }
    return try result.get()
  }

  /// Blocks.
  private func write(
    _ row: ProjectionRow,
    of title: String,
    insteadOf old: ProjectionRow,
    lastGeneration: UInt32
  ) throws {
    var batch = ReadModelBatch()
    var number: [UInt8] = []
    number.append(littleEndian: lastGeneration)
    batch.put(RowKeys.lastGeneration, number)
    batch.put(RowKeys.projection(title), row.row)
    let kept = Set(row.generations.map(\.number))
    for dropped in old.generations.map(\.number) where !kept.contains(dropped) {
      batch.delete(
        from: RowKeys.generation(dropped),
        to: RowKeys.generation(dropped + 1)
      )
    }
    try engine.commit(batch, isSynced: true)
  }
}

/// A lock that an array can hold.
private final class CommitLock: Sendable {
  let mutex = Mutex(())
}
