internal import EventLogCore
internal import EventLogRocksDB
internal import EventsService
internal import MessagingCore
internal import ProjectionsCore

/// The embedded log, as the Event Service looks after it.
struct RocksDBLogAdministration: LogAdministration {
  let log: RocksDBEventLog
  /// The data directory, which a backup is made of.
  let directory: String

  func facts() async throws(EventLogError) -> LogFacts {
    let found = try await log.statistics()
    var facts = LogFacts(
      engine: "rocksdb",
      events: found.events,
      streams: found.streams,
      bytesOnDisk: found.bytesOnDisk
    )
    facts.streamsWithRemovals = UInt64(found.streamsWithRemovals)
    facts.bytesInMemory = found.bytesInMemtables
    facts.filesWaiting = found.levelZeroFiles
    return facts
  }

  func streams(
    prefix: String,
    after: StreamName?,
    limit: Int
  ) async throws(EventLogError) -> [ListedStream] {
    try await log.streams(prefix: prefix, after: after, limit: limit).map {
      ListedStream(name: $0.name, state: $0.state)
    }
  }

  func verify(
    progress: @escaping @Sendable (GlobalPosition) -> Void
  ) async throws(EventLogError) {
    try await log.verify { position, _ in progress(position) }
  }
}

/// The projections of this process, as the Event Service looks after them.
struct LocalProjections: ProjectionAdministration {
  let models: [ReadModels]
  let lanes: FeedLanes

  var projections: [any ManagedProjection] { models.flatMap(\.runtime.projections) }

  func parked(of projection: ProjectionID) -> [ParkedStream] {
    lanes.access(to: projection.handler)?.status().flatMap(\.parked).sorted {
      $0.stream < $1.stream
    } ?? []
  }

  func redrive(_ stream: StreamName, of projection: ProjectionID) {
    lanes.access(to: projection.handler)?.redrive(stream)
  }
}
