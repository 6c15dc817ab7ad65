internal import EventLogCore
internal import WeaveRuntime

/// A storage that keeps nothing: its writes wait for a gate, and fail when they are told to.
final class StandInStorage: LogStorage {
  struct State: Sendable {
    var isOpen = true
    /// Which write fails, counted from 1.
    var failingWrite: Int?
    /// How long a write takes at least.
    var delay = Duration.zero
    var begun = 0
    var written: UInt64 = 0
  }

  let state = Monitor(State())

  func resolve(
    _ questions: [ColdQuestions],
    at head: GlobalPosition
  ) throws(EventLogError) -> [ColdFacts] {
    questions.map { asked in
      var facts = ColdFacts(head: head.number)
      for stream in asked.streams { facts.streams[stream] = .neverWritten }
      for source in asked.sources { facts.sources[source] = .some(nil) }
      facts.hasCondition = asked.condition != nil
      return facts
    }
  }

  func write(_ batch: CommitBatch) throws(EventLogError) {
    let (number, delay) = state.withLock { state in
      state.begun += 1
      return (state.begun, state.delay)
    }
    _ = Monitor(()).wait(atMost: delay) { _ in Void?.none }
    let fails = state.wait { state in state.isOpen ? state.failingWrite == number : nil }
    if fails { throw .unavailable("no space is left on the device") }
    state.withLock { $0.written = batch.lastPosition }
  }

  func open() {
    state.withLock { $0.isOpen = true }
    state.signal()
  }

  func readStream(
    _ stream: NameKey,
    from: StreamRevision,
    direction: Direction,
    limit: Int,
    head: GlobalPosition
  ) throws(EventLogError) -> StreamReading {
    throw .unavailable("nothing is kept")
  }

  func readAll(_ reading: AllReading, head: GlobalPosition) throws(EventLogError) -> EventPage {
    throw .unavailable("nothing is kept")
  }

  func events(
    at positions: [GlobalPosition],
    head: GlobalPosition
  ) throws(EventLogError) -> [RecordedEvent] {
    throw .unavailable("nothing is kept")
  }

  func position(of id: EventID) throws(EventLogError) -> GlobalPosition? { nil }
  func tracking(of source: NameKey) throws(EventLogError) -> UInt64? { nil }
  func close() {}

  /// An engine over this storage.
  func engine() -> PipelinedEventLog {
    PipelinedEventLog(
      storage: self,
      opening: LogOpening(
        identity: LogIdentity(id: .make(), epoch: 1),
        head: .start,
        lastRecordedAt: Timestamp(microseconds: .min)
      ),
      readThreads: 1,
      clock: { .now }
    )
  }
}
