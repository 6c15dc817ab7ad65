internal import EventLogCore
internal import WeaveRuntime

/// A storage that keeps nothing: its writes and look-ups wait for gates, and fail or go on for ever
/// when they are told to.
final class StandInStorage: LogStorage {
  struct State: Sendable {
    var isOpen = true
    /// Which write fails, counted from 1.
    var failingWrite: Int?
    /// How long a write takes at least.
    var delay = Duration.zero
    var begun = 0
    var written: UInt64 = 0
    /// Whether look-ups are answered, how many questions were asked, and how many answered.
    var isAnswering = true
    var asked = 0
    var answered = 0
    /// Whether searches end, and how many turns they had.
    var endsSearches = true
    var turns = 0
    /// What needs an event that is damaged: streams that are looked up, and conditions by a tag.
    var damagedStream: StreamName?
    var damagedTag: Tag?
  }

  private static let damage = EventLogError.corrupt("an event is damaged", at: GlobalPosition(1))

  private enum Signal {
    static let write = 0
    static let lookUp = 1
  }

  let state = Monitor(State(), conditions: 2)

  func resolve(
    _ questions: [ColdQuestions],
    at head: GlobalPosition
  ) throws(EventLogError) -> [ColdFacts] {
    state.withLock { $0.asked += questions.count }
    state.wait(for: Signal.lookUp) { state -> Void? in
      guard state.isAnswering else { return nil }
      state.answered += questions.count
      return ()
    }
    let damaged = state.withLock { $0.damagedStream }
    if let damaged, questions.contains(where: { $0.streams.contains { $0.text == damaged.text } }) {
      throw Self.damage
    }
    return questions.map { asked in
      var facts = ColdFacts(head: head.number)
      for stream in asked.streams { facts.streams[stream] = .neverWritten }
      for source in asked.sources { facts.sources[source] = .some(nil) }
      return facts
    }
  }

  func search(_ searches: [ConditionSearch], steps: Int) throws(EventLogError) {
    let ends = state.withLock { state in
      state.turns += searches.count
      return state.endsSearches
    }
    let damaged = state.withLock { $0.damagedTag }
    for search in searches {
      guard let damaged, search.condition.query == .tags(damaged) else { continue }
      throw Self.damage
    }
    if ends {
      for search in searches { search.end() }
    } else {
      // A turn takes a while, or those that have one would be too quick for a test to see.
      _ = Monitor(()).wait(atMost: .milliseconds(1)) { _ in Void?.none }
    }
  }

  func write(_ batch: CommitBatch) throws(EventLogError) {
    let (number, delay) = state.withLock { state in
      state.begun += 1
      return (state.begun, state.delay)
    }
    _ = Monitor(()).wait(atMost: delay) { _ in Void?.none }
    let fails = state.wait(for: Signal.write) { state in
      state.isOpen ? state.failingWrite == number : nil
    }
    if fails { throw .unavailable("no space is left on the device") }
    state.withLock { $0.written = batch.lastPosition }
  }

  func open() {
    state.withLock { $0.isOpen = true }
    state.signal(Signal.write)
  }

  /// Answers look-ups from now on.
  func answer() {
    state.withLock { $0.isAnswering = true }
    state.signal(Signal.lookUp)
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

  /// An engine over this storage, whose memory holds nothing up to `head`.
  func engine(head: GlobalPosition = .start) -> PipelinedEventLog {
    PipelinedEventLog(
      storage: self,
      opening: LogOpening(
        identity: LogIdentity(id: .make(), epoch: 1),
        head: head,
        lastRecordedAt: Timestamp(microseconds: .min)
      ),
      readThreads: 1,
      clock: { .now }
    )
  }
}
