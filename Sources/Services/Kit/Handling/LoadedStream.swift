public import EventLogCore

/// A stream folded up to a revision.
public struct LoadedStream<State: Sendable>: Sendable {
  /// What the events add up to.
  public var state: State
  /// The last revision taken in; nil for none.
  public var revision: StreamRevision?
  /// The position of the last event taken in.
  public var position: GlobalPosition
  /// The id of the last event taken in.
  var lastID: EventID?
  /// The last revision of which a snapshot is shared with other processes; nil for none.
  var saved: StreamRevision?
  /// Whether the fold began with the stream's first event, nothing being truncated.
  var isWhole = true

  /// Makes a fold.
  public init(state: State, revision: StreamRevision? = nil, position: GlobalPosition = .start) {
    self.state = state
    self.revision = revision
    self.position = position
  }
}

/// Folds streams of one decider, page by page.
public struct StreamFolder<D: Decider, Codec: EventCodec>: Sendable
where D.Event == Codec.Event, D.State: MomentTaking {
  /// Events read at once: enough for most streams, and little beside the log's own page limit.
  public static var pageEvents: Int { 512 }

  private let store: EventStore

  /// Makes a folder over a store.
  public init(_ store: EventStore) { self.store = store }

  /// A stream without events.
  public var empty: LoadedStream<D.State> { LoadedStream(state: D.initial) }

  /// Takes in what came after `start`.
  ///
  /// `last` is the last revision to take in; nil means all there are. The fold ends before the
  /// first event for which `isIncluded` is false.
  public func load(
    _ stream: StreamName,
    after start: LoadedStream<D.State>? = nil,
    through last: StreamRevision? = nil,
    while isIncluded: (RecordedEvent) -> Bool = { _ in true }
  ) async throws -> LoadedStream<D.State> {
    var loaded = start ?? empty
    let from = loaded.revision?.next ?? .first
    if let last, from > last { return loaded }
    var isFirstPage = start == nil
    var pages = store.events(in: stream, from: from, pageLimit: Self.pageEvents)
      .makeAsyncIterator()
    while let page = try await pages.next() {
      if isFirstPage { loaded.isWhole = page.isOfWholeStream }
      isFirstPage = false
      for event in page.events {
        guard last.map({ (event.revision ?? .first) <= $0 }) ?? true, isIncluded(event) else {
          return loaded
        }
        try Self.take(event, into: &loaded)
      }
      if let last, let revision = loaded.revision, revision >= last { break }
      // A stream whose events were all truncated still has a last revision to append after.
      if page.isEnd, let revision = page.stream?.lastRevision {
        loaded.revision = max(loaded.revision ?? revision, revision)
      }
    }
    return loaded
  }

  /// Takes in the first events of a stream, and tells whether there are no more.
  func begin(
    _ stream: StreamName,
    limit: Int
  ) async throws -> (loaded: LoadedStream<D.State>, isEnd: Bool) {
    var loaded = empty
    var pages = store.events(in: stream, pageLimit: limit).makeAsyncIterator()
    guard let page = try await pages.next() else { return (loaded, true) }
    // Part of a stream is rare: it is read without haste, and never shared.
    guard page.isOfWholeStream else { return (try await load(stream), true) }
    for event in page.events { try Self.take(event, into: &loaded) }
    return (loaded, page.isEnd)
  }

  /// Takes in what came after a snapshot; nil if the stream does not hold the event that the
  /// snapshot was taken after, or does not begin with its first event any more.
  func resume(
    _ stream: StreamName,
    after snapshot: LoadedStream<D.State>
  ) async throws -> LoadedStream<D.State>? {
    guard let revision = snapshot.revision else { return nil }
    var pages = store.events(in: stream, from: revision, pageLimit: Self.pageEvents)
      .makeAsyncIterator()
    guard let first = try await pages.next(), first.isOfWholeStream,
      let event = first.events.first, event.revision == revision,
      event.position == snapshot.position, event.id == snapshot.lastID
    else { return nil }
    var loaded = snapshot
    for event in first.events.dropFirst() { try Self.take(event, into: &loaded) }
    while let page = try await pages.next() {
      for event in page.events { try Self.take(event, into: &loaded) }
    }
    return loaded
  }

  /// Takes one event in.
  public static func take(_ event: RecordedEvent, into loaded: inout LoadedStream<D.State>) throws {
    if let decoded = try Codec.decode(event) {
      loaded.state.enter(StreamMoment(of: event))
      D.evolve(&loaded.state, with: decoded)
    }
    loaded.revision = event.revision
    loaded.position = event.position
    loaded.lastID = event.id
  }
}

extension EventPage {
  /// Whether nothing of the stream was removed.
  fileprivate var isOfWholeStream: Bool {
    switch stream {
    case .written(first: .first, _), .neverWritten: true
    default: false
    }
  }
}
