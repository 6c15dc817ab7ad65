package import EventLogCore
package import MessagingCore
package import ProjectionsCore

/// What an engine tells of itself; each engine has its own way of knowing.
package struct LogFacts: Sendable {
  package let engine: String
  package let events: UInt64
  package let streams: UInt64
  package let bytesOnDisk: UInt64
  package var streamsWithRemovals: UInt64 = 0
  /// Bytes that are in memory and write-ahead files alone.
  package var bytesInMemory: UInt64 = 0
  /// Files that wait for compaction.
  package var filesWaiting: UInt64 = 0
  /// Whether this process takes appends.
  package var takesAppends = true
  /// Where the process that appends is reached, if it is another one and told.
  package var leader = ""
  /// How often the lead was taken over.
  package var leaderEpoch: UInt64 = 0

  package init(engine: String, events: UInt64, streams: UInt64, bytesOnDisk: UInt64) {
    self.engine = engine
    self.events = events
    self.streams = streams
    self.bytesOnDisk = bytesOnDisk
  }
}

/// How far a backup is.
package struct BackupState: Sendable {
  package enum Phase: String, Sendable {
    /// The log's files are brought together.
    case log
    /// Checksums of all files are taken.
    case checksums
    case done
  }

  package var phase: Phase
  /// Bytes done.
  package var done: UInt64 = 0
  /// Bytes in all.
  package var total: UInt64 = 0
  /// The last position in the backup, once it is known.
  package var head = GlobalPosition.start
  /// Files, once they are known.
  package var files: UInt64 = 0

  package init(phase: Phase) { self.phase = phase }
}

/// How far a compaction is.
package struct CompactionState: Sendable {
  /// What is compacted now.
  package let part: String
  package let done: Int
  package let total: Int

  package init(part: String, done: Int, total: Int) {
    self.part = part
    self.done = done
    self.total = total
  }
}

/// A stream of a listing.
package struct ListedStream: Hashable, Sendable {
  package let name: StreamName
  package let state: StreamState

  package init(name: StreamName, state: StreamState) {
    self.name = name
    self.state = state
  }
}

/// What the Event Service is given to look after the log.
package protocol LogAdministration: Sendable {
  /// Streams whose names begin with `prefix`, behind `after`, ordered by bytes; at most `limit`.
  func streams(
    prefix: String,
    after: StreamName?,
    limit: Int
  ) async throws(EventLogError) -> [ListedStream]
  /// What the engine knows of itself.
  func facts() async throws(EventLogError) -> LogFacts
  /// Checks everything; `progress` hears the position reached. Throws `.corrupt` at the first damage.
  func verify(
    progress: @escaping @Sendable (GlobalPosition) -> Void
  ) async throws(EventLogError)
  /// Makes a backup in the folder `path`, absolute, which must not exist; tells what it came to.
  func backUp(
    to path: String,
    progress: @escaping @Sendable (BackupState) -> Void
  ) async throws(EventLogError) -> BackupState
  /// Rewrites what is on disk in its densest form.
  func compact(
    progress: @escaping @Sendable (CompactionState) -> Void
  ) async throws(EventLogError)
  /// Gives the lead of a shared log back, for another process to take.
  func handOverLeadership() async throws(EventLogError)
}

extension LogAdministration {
  /// For engines whose server makes the backups.
  package func backUp(
    to path: String,
    progress: @escaping @Sendable (BackupState) -> Void
  ) async throws(EventLogError) -> BackupState {
    throw .invalid("this engine keeps no files of its own: export the log instead")
  }

  /// For engines whose server looks after its files.
  package func compact(
    progress: @escaping @Sendable (CompactionState) -> Void
  ) async throws(EventLogError) {
    throw .invalid("this engine keeps no files of its own")
  }

  /// For engines of one process.
  package func handOverLeadership() async throws(EventLogError) {
    throw .invalid("the log of this engine belongs to one process")
  }

  /// For engines that keep no list of their streams.
  package func streams(
    prefix: String,
    after: StreamName?,
    limit: Int
  ) async throws(EventLogError) -> [ListedStream] {
    throw .invalid("this engine keeps no list of its streams")
  }
}

/// What the Event Service is given to look after projections.
package protocol ProjectionAdministration: Sendable {
  /// Every projection of the process.
  var projections: [any ManagedProjection] { get }
  /// The parked streams of a projection, by stream.
  func parked(of projection: ProjectionID) -> [ParkedStream]
  /// Asks the projection's lanes to handle a parked stream now.
  func redrive(_ stream: StreamName, of projection: ProjectionID)
}
