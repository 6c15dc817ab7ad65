public import EventLogCore
internal import RocksDBDriver

/// The embedded event log: one folder, one process, RocksDB underneath.
///
/// - Shape: `open` and `verify` block on the disk; everything else suspends.
/// - Errors: `.locked` for a second opener; `.corrupt` if answered events are gone; after a
///   failed write or sync no appends are taken until the log is opened again (law L44).
public final class RocksDBEventLog: EventLogEngine {
  let log: PipelinedEventLog

  private init(_ log: PipelinedEventLog) { self.log = log }

  /// Opens the log in the folder `path`, which is made if it is missing.
  ///
  /// - path: the folder.
  /// - readThreads: how many reads may wait for the disk at once.
  /// - acceptsLoss: opens a log from which answered events are gone, and starts a new log
  ///   epoch so that consumers notice.
  /// - clock: what `recordedAt` is taken from.
  /// - Errors: `.locked`, `.corrupt`, or `.unavailable` with what to do.
  public static func open(
    path: String,
    readThreads: Int = 4,
    acceptsLoss: Bool = false,
    clock: @escaping @Sendable () -> Timestamp = { .now }
  ) throws(EventLogError) -> RocksDBEventLog {
    let opened = try RocksDBOpening.open(path: path, acceptsLoss: acceptsLoss)
    return RocksDBEventLog(
      PipelinedEventLog(
        storage: opened.storage,
        opening: opened.opening,
        readThreads: readThreads,
        clock: clock
      )
    )
  }

  /// Which log this is.
  public var identity: LogIdentity { log.identity }

  /// Writes a request whole or not at all and answers when it is synced.
  public func append(_ request: AppendRequest) async throws(EventLogError) -> AppendReceipt {
    try await log.append(request)
  }

  /// Reads one page of a stream.
  public func read(
    _ stream: StreamName,
    from revision: StreamRevision,
    direction: Direction,
    limit: Int
  ) async throws(EventLogError) -> EventPage {
    try await log.read(stream, from: revision, direction: direction, limit: limit)
  }

  /// Reads one page of the whole log.
  public func readAll(
    after position: GlobalPosition?,
    matching query: EventQuery,
    direction: Direction,
    limit: Int,
    includeRemoved: Bool
  ) async throws(EventLogError) -> EventPage {
    try await log.readAll(
      after: position,
      matching: query,
      direction: direction,
      limit: limit,
      includeRemoved: includeRemoved
    )
  }

  /// Reads one page of the positions at which events may match.
  public func places(
    after position: GlobalPosition?,
    matching query: EventQuery,
    direction: Direction,
    limit: Int
  ) async throws(EventLogError) -> PlacePage {
    try await log.places(
      after: position,
      matching: query,
      direction: direction,
      limit: limit
    )
  }

  /// Reads the events at some positions, in their order.
  public func events(
    at positions: [GlobalPosition]
  ) async throws(EventLogError) -> [RecordedEvent] {
    try await log.events(at: positions)
  }

  /// The position of the event that bears this id.
  public func position(of id: EventID) async throws(EventLogError) -> GlobalPosition? {
    try await log.position(of: id)
  }

  /// The recorded mark of a source.
  public func tracking(of source: String) async throws(EventLogError) -> UInt64? {
    try await log.tracking(of: source)
  }

  /// The published head; with `beyond` suspends until the head is greater than it.
  public func head(
    beyond position: GlobalPosition?
  ) async throws(EventLogError) -> GlobalPosition {
    try await log.head(beyond: position)
  }

  /// Writes events of an export at their own positions.
  public func restore(_ events: [RecordedEvent]) async throws(EventLogError) {
    try await log.restore(events)
  }

  /// Lets queued requests be written and answered, and frees the folder; twice is fine.
  public func close() async { await log.close() }
}

// Administration.
extension RocksDBEventLog {
  /// What a log holds.
  public struct Statistics: Hashable, Sendable {
    /// How many events there are: the head.
    public let events: UInt64
    /// How many streams were ever written, the log's own control streams (`$$`) among them.
    public let streams: UInt64
    /// How many streams were truncated or tombstoned.
    public let streamsWithRemovals: Int
    /// Bytes of all files of the log, the write-ahead files among them.
    public let bytesOnDisk: UInt64
    /// Bytes not yet written out of memory (they are in the write-ahead files).
    public let bytesInMemtables: UInt64
    /// Files that wait for compaction: many of them mean that writes will be slowed down.
    public let levelZeroFiles: UInt64
  }

  /// Reads what the store knows of itself.
  public func statistics() async throws(EventLogError) -> Statistics {
    try await log.reading { storage, head throws(EventLogError) in
      guard let storage = storage as? RocksDBStorage else { throw .closed }
      return try storage.statistics(head: head)
    }
  }

  /// Checks every event's checksum and place, that every index agrees with the events, and that the
  /// indexes hold nothing else.
  ///
  /// Of verifications, compactions and backups one is under way at a time, on a thread of its own.
  ///
  /// - Parameter progress: gets (checked so far, head), every few thousand events.
  /// - Throws: `.corrupt` at the first disagreement, `.overloaded` beside another.
  public func verify(
    progress: @escaping @Sendable (GlobalPosition, GlobalPosition) -> Void = { _, _ in }
  ) async throws(EventLogError) {
    try await log.administering { storage, head, stop throws(EventLogError) in
      guard let storage = storage as? RocksDBStorage else { throw .closed }
      try Verification(whole: storage, stop: stop).runWhole { position in
        progress(GlobalPosition(position), head)
      }
    }
  }

  /// Rewrites the files in their densest form, family by family; appends go on meanwhile.
  ///
  /// Cancelled, it ends behind the family that it is in.
  ///
  /// - Parameter progress: gets the family's name, how many are done, and how many there are.
  /// - Throws: what the store says, `.overloaded` beside another.
  public func compact(
    progress: @escaping @Sendable (String, Int, Int) -> Void = { _, _, _ in }
  ) async throws(EventLogError) {
    try await log.administering { storage, _, stop throws(EventLogError) in
      guard let storage = storage as? RocksDBStorage else { throw .closed }
      try storage.compact(stop: stop, progress: progress)
    }
  }

  /// Makes a backup in the folder `path`, which must not exist, while appends go on.
  ///
  /// It is of hard links on the same file system, of copies on another. It holds everything that was answered before. Opened as a log, it starts a new log epoch.
  ///
  /// - Throws: what the store says, `.overloaded` beside another.
  public func backUp(to path: String) async throws(EventLogError) {
    try await backUp(to: path, complete: { _ in })
  }

  /// Makes a backup as above, between two steps of whoever keeps more in it than the log.
  ///
  /// - Parameters:
  ///   - path: the folder.
  ///   - begin: called before, once nothing else of administration is under way.
  ///   - complete: called behind it, on the same thread; to look at the sign between its own steps.
  /// - Returns: what `complete` does.
  /// - Throws: what the store says, `.overloaded` beside another.
  package func backUp<R: Sendable>(
    to path: String,
    begin: @escaping @Sendable () -> Void = {},
    complete: @escaping @Sendable (StopSign) -> R
  ) async throws(EventLogError) -> R {
    try await log.administering { storage, _, stop throws(EventLogError) in
      guard let storage = storage as? RocksDBStorage else { throw .closed }
      begin()
      try storage.backUp(to: path, stop: stop)
      return complete(stop)
    }
  }
}
