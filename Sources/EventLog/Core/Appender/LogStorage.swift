/// Where a log begins when it is opened.
package struct LogOpening: Sendable {
  package let identity: LogIdentity
  package let head: GlobalPosition
  package let lastRecordedAt: Timestamp

  package init(identity: LogIdentity, head: GlobalPosition, lastRecordedAt: Timestamp) {
    self.identity = identity
    self.head = head
    self.lastRecordedAt = lastRecordedAt
  }
}

/// What an embedded engine brings: blocking reads and one durable write.
///
/// `PipelinedEventLog` makes an engine of it.
///
/// - Errors: a read throws `.corrupt` or `.unavailable`; a write that throws ends the engine,
///   since what reached the disk is not known (law L44).
package protocol LogStorage: AnyObject, Sendable {
  /// Answers in the order of the questions, but for their conditions; reads what was published at
  /// `head` or later.
  func resolve(
    _ questions: [ColdQuestions],
    at head: GlobalPosition
  ) throws(EventLogError) -> [ColdFacts]

  /// Goes on with searches, with each for about so many steps, one at least: a step is a look at an
  /// index or at an event, removed or not.
  ///
  /// Called by several threads at once.
  func search(_ searches: [ConditionSearch], steps: Int) throws(EventLogError)

  /// Makes of the requests planned last what `write` will need, on the appender's thread while the
  /// commit before is written; by default nothing.
  ///
  /// What it makes is part of the batch: a batch that is never written leaves nothing.
  func stage(_ batch: inout CommitBatch) throws(EventLogError)

  /// Makes the rest of what `write` will need, when no more is planned into the batch; on the
  /// appender's thread, by default nothing.
  func prepare(_ batch: inout CommitBatch) throws(EventLogError)

  /// Writes everything, synced, before it returns; called by one thread at a time.
  func write(_ batch: CommitBatch) throws(EventLogError)

  /// Reads a page of a stream up to `head`.
  func readStream(
    _ stream: NameKey,
    from: StreamRevision,
    direction: Direction,
    limit: Int,
    head: GlobalPosition
  ) throws(EventLogError) -> StreamReading

  /// Reads a page of the log up to `head`.
  func readAll(_ reading: AllReading, head: GlobalPosition) throws(EventLogError) -> EventPage

  /// Reads a page of the positions up to `head` at which events may match, removed ones too; by
  /// default with their events.
  func places(_ reading: AllReading, head: GlobalPosition) throws(EventLogError) -> PlacePage

  /// Reads the events at positions in order, none of them beyond `head`, removed ones as headers: as
  /// many of the first as a page holds.
  func events(
    at positions: [GlobalPosition],
    head: GlobalPosition
  ) throws(EventLogError) -> [RecordedEvent]

  func position(of id: EventID) throws(EventLogError) -> GlobalPosition?

  func tracking(of source: NameKey) throws(EventLogError) -> UInt64?

  /// From how long on the time of a commit is the disk's for the most part, so that larger commits
  /// would be fewer syncs; by default a millisecond.
  var slowCommit: Duration { get }

  /// Called once, after the last of everything else has returned.
  func close()
}

extension LogStorage {
  package var slowCommit: Duration { .milliseconds(1) }

  package func stage(_ batch: inout CommitBatch) throws(EventLogError) {}
  package func prepare(_ batch: inout CommitBatch) throws(EventLogError) {}

  package func places(
    _ reading: AllReading,
    head: GlobalPosition
  ) throws(EventLogError) -> PlacePage {
    PlacePage(try readAll(reading, head: head))
  }
}

/// What a read of the whole log asks for.
package struct AllReading: Sendable {
  package let after: GlobalPosition?
  package let query: EventQuery
  package let direction: Direction
  package let limit: Int
  package let includeRemoved: Bool

  package init(
    after: GlobalPosition?,
    query: EventQuery,
    direction: Direction,
    limit: Int,
    includeRemoved: Bool
  ) {
    self.after = after
    self.query = query
    self.direction = direction
    self.limit = limit
    self.includeRemoved = includeRemoved
  }
}

/// What a read of a stream found.
package enum StreamReading: Sendable {
  case page(EventPage)
  /// The store is ahead of the published head: read again when it has reached this position.
  case ahead(GlobalPosition)
}
