public import EventLogCore

/// One command on its way to a stream.
public struct Submission<D: Decider>: Sendable {
  /// What an attempt knows of the ones before it.
  public struct Attempt: Sendable {
    /// Names that the command would have claimed and that belong to other streams.
    public internal(set) var taken: Set<Tag> = []
  }

  /// The stream to decide on.
  public var stream: StreamName
  /// The caller's id of the command; nil gives up the recognition of repeats.
  public var commandID: EventID?
  /// Whether the service chose the stream, so that a repeat names another one.
  public var isStreamChosen: Bool
  /// Who calls, and what is expected.
  public var context: CallContext
  /// Asked once before the first decision, not for a repeat: what other services must allow.
  public var precondition: @Sendable () async throws -> Void
  /// The command, made anew for each attempt.
  public var command: @Sendable (Attempt) -> D.Command

  /// Makes a submission.
  public init(
    to stream: StreamName,
    id commandID: EventID? = nil,
    isStreamChosen: Bool = false,
    context: CallContext,
    precondition: @escaping @Sendable () async throws -> Void = {},
    command: @escaping @Sendable (Attempt) -> D.Command
  ) {
    self.stream = stream
    self.commandID = commandID
    self.isStreamChosen = isStreamChosen
    self.context = context
    self.precondition = precondition
    self.command = command
  }
}

/// Loads a stream, decides a command on it and appends what it brings about.
///
/// - Shape: a command whose id or idempotency key is in the log already is answered as the first
///   time, even when its stream has moved on. Without an expected revision a lost race is decided
///   anew up to `lostRaces` times.
/// - Claims: a name that only one stream may ever have is a tag; the append fails if any event
///   bears it, and the command is made anew with the tag among `taken`.
/// - Errors: the decider's rejection; `CommonRejection`; `CommandConflict`; `EventLogError`.
public struct CommandHandler<D: Decider, Codec: EventCodec>: Sendable
where D.Event == Codec.Event, D.State: MomentTaking {
  /// How often a lost race is decided anew.
  public static var lostRaces: Int { 3 }
  /// How often a claimed name may turn out to be taken; deciders give up or choose before that.
  public static var takenClaims: Int { 16 }

  /// The log.
  public let store: EventStore
  private let folder: StreamFolder<D, Codec>
  private let cache: StateCache<D.State>
  private let snapshots: StateSnapshots<D.State>?
  private let makeID: @Sendable () -> EventID
  private let claims: @Sendable (D.Event, D.State) -> [Tag]

  /// Makes a handler.
  ///
  /// `makeID` gives ids to commands that bring none; `weigh` tells what a state weighs in memory,
  /// roughly in bytes; `claims` are the tags of an event that no event of another stream may bear,
  /// given the state before it: a stream's own names are none.
  public init(
    _ store: EventStore,
    makeID: @escaping @Sendable () -> EventID,
    weigh: @escaping @Sendable (D.State) -> Int,
    claims: @escaping @Sendable (D.Event, D.State) -> [Tag] = { _, _ in [] }
  ) {
    self.store = store
    self.makeID = makeID
    self.claims = claims
    folder = StreamFolder(store)
    cache = StateCache(weigh: weigh)
    snapshots = nil
  }

  /// Makes the same handler, which also shares snapshots of its states with other processes.
  ///
  /// - Errors: what the codec throws for its specimen.
  public func sharing<States: StateCodec>(
    _ states: States.Type,
    over queue: SnapshotQueue?
  ) throws -> Self where States.D == D {
    guard let queue else { return self }
    return Self(self, snapshots: try StateSnapshots(queue, of: states, in: store))
  }

  private init(_ other: Self, snapshots: StateSnapshots<D.State>) {
    store = other.store
    folder = other.folder
    cache = other.cache
    makeID = other.makeID
    claims = other.claims
    self.snapshots = snapshots
  }

  /// The present state of a stream: what is kept of it, and what came afterwards.
  ///
  /// What this process keeps comes first, then what others shared, then the log alone.
  public func load(_ stream: StreamName) async throws -> LoadedStream<D.State> {
    let kept = cache[stream]
    var loaded: LoadedStream<D.State>
    if kept == nil, let snapshots {
      loaded = try await load(stream, from: snapshots)
    } else {
      loaded = try await folder.load(stream, after: kept)
    }
    if loaded.revision != kept?.revision { keep(&loaded, of: stream) }
    return loaded
  }

  private func load(
    _ stream: StreamName,
    from snapshots: StateSnapshots<D.State>
  ) async throws -> LoadedStream<D.State> {
    let (beginning, isEnd) = try await folder.begin(stream, limit: snapshots.worthEvents)
    guard !isEnd else { return beginning }
    guard let snapshot = await snapshots.state(of: stream) else {
      return try await folder.load(stream, after: beginning)
    }
    if let loaded = try await folder.resume(stream, after: snapshot) { return loaded }
    snapshots.forget(stream)
    return try await folder.load(stream, after: beginning)
  }

  /// Keeps a state here, and shares it if that is worth its while.
  private func keep(_ loaded: inout LoadedStream<D.State>, of stream: StreamName) {
    snapshots?.save(&loaded, of: stream)
    cache.keep(loaded, of: stream)
  }

  /// Decides and writes one command.
  public func handle(_ submission: Submission<D>) async throws -> CommandOutcome<D.State> {
    let finder = FirstAnswerFinder(store: store)
    let idempotency = submission.context.idempotency
    let commandID = submission.commandID ?? makeID()
    var attempt = Submission<D>.Attempt()
    var races = 0
    var isOutcomeUnknown = false
    var isAllowed = false
    while true {
      // Ids of the handler's own making are new, unless an append's outcome is not known.
      let isNew = submission.commandID == nil && idempotency == nil && !isOutcomeUnknown
      if !isNew,
        let first = try await finder.find(command: commandID, idempotency: idempotency)
      {
        return try await answer(submission, as: first)
      }
      if !isAllowed {
        try await submission.precondition()
        isAllowed = true
      }
      let loaded = try await load(submission.stream)
      try check(submission.context.expected, of: loaded)
      let events = try D.decide(submission.command(attempt), given: loaded.state)
      guard !events.isEmpty else {
        return CommandOutcome(
          stream: submission.stream,
          position: loaded.position,
          revision: loaded.revision,
          isRepeat: false,
          state: loaded.state
        )
      }
      let claimed = claimedTags(of: events, after: loaded.state)
      let request = try request(
        for: submission,
        commandID: commandID,
        events: events,
        claims: claimed,
        after: loaded
      )
      switch await append(request) {
      case .success(let receipt):
        return try await outcome(of: receipt, for: submission, after: loaded)
      case .failure(.conflict(_, _, let actual)):
        guard submission.context.expected.isLoose, races < Self.lostRaces else {
          throw CommandConflict(current: actual.lastRevision)
        }
        races += 1
      case .failure(.conditionFailed(let position)):
        let taken = try await tagsTaken(at: position, of: claimed)
        if taken.isEmpty {
          // The same idempotency key was written meanwhile: the search finds it now.
          guard idempotency != nil, races < Self.lostRaces else {
            throw CommandConflict(current: loaded.revision)
          }
          races += 1
        } else {
          guard attempt.taken.count < Self.takenClaims, !attempt.taken.isSuperset(of: taken)
          else {
            throw CommandConflict(current: loaded.revision)
          }
          attempt.taken.formUnion(taken)
        }
      case .failure(.idConflict):
        // The same command was written meanwhile, from another state.
        guard let first = try await finder.find(command: commandID, idempotency: idempotency)
        else { throw CommonRejection.commandIDReused }
        return try await answer(submission, as: first)
      case .failure(.outcomeUnknown(let cause)):
        guard !isOutcomeUnknown else { throw EventLogError.outcomeUnknown(cause) }
        isOutcomeUnknown = true
      case .failure(let error): throw error
      }
    }
  }

  private func append(_ request: AppendRequest) async -> Result<AppendReceipt, EventLogError> {
    do throws(EventLogError) {
      return .success(try await store.append(request))
    } catch {
      return .failure(error)
    }
  }
}

extension CommandHandler {
  private func check(
    _ expected: ExpectedRevision,
    of loaded: LoadedStream<D.State>
  ) throws {
    let isMet =
      switch expected {
      case .any: true
      case .noStream: loaded.revision == nil
      case .streamExists: loaded.revision != nil
      case .exactly(let revision): loaded.revision == revision
      }
    guard isMet else { throw CommandConflict(current: loaded.revision) }
  }

  private func claimedTags(of events: [D.Event], after state: D.State) -> [Tag] {
    var state = state
    var tags: [Tag] = []
    for event in events {
      tags += claims(event, state)
      D.evolve(&state, with: event)
    }
    return tags
  }

  private func request(
    for submission: Submission<D>,
    commandID: EventID,
    events: [D.Event],
    claims: [Tag],
    after loaded: LoadedStream<D.State>
  ) throws -> AppendRequest {
    let context = submission.context
    let metadata = context.eventMetadata(commandID: submission.commandID)
    let encoded = try events.enumerated().map { index, event in
      let encoded = try Codec.encode(event)
      return NewEvent(
        id: EventID(of: commandID, index: index),
        type: encoded.type,
        schemaVersion: encoded.schemaVersion,
        data: encoded.data,
        tags: encoded.tags + (context.idempotency.map { [$0.tag] } ?? []),
        metadata: metadata
      )
    }
    let unique = claims + (context.idempotency.map { [$0.tag] } ?? [])
    return AppendRequest(
      to: submission.stream,
      expecting: loaded.revision.map { .exactly($0) } ?? .noStream,
      encoded,
      condition: unique.isEmpty
        ? nil
        : AppendCondition(failIfMatches: EventQuery(unique.map { EventQuery.Item(tags: [$0]) }))
    )
  }

  private func tagsTaken(at position: GlobalPosition, of claims: [Tag]) async throws -> [Tag] {
    guard let event = try await store.event(at: position) else { return claims }
    return claims.filter(event.hasTag)
  }

  /// The state after what was just written, as the log recorded it: times are the log's.
  private func outcome(
    of receipt: AppendReceipt,
    for submission: Submission<D>,
    after loaded: LoadedStream<D.State>
  ) async throws -> CommandOutcome<D.State> {
    guard let last = receipt.parts.first?.lastRevision else {
      throw EventLogError.unavailable("the receipt names no revision")
    }
    if receipt.isRepeat {
      let first = FirstAnswer(
        stream: submission.stream,
        revision: last,
        position: receipt.lastPosition
      )
      return try await answer(submission, as: first)
    }
    var after = try await folder.load(submission.stream, after: loaded, through: last)
    keep(&after, of: submission.stream)
    return CommandOutcome(
      stream: submission.stream,
      position: receipt.lastPosition,
      revision: last,
      isRepeat: false,
      state: after.state
    )
  }

  private func answer(
    _ submission: Submission<D>,
    as first: FirstAnswer
  ) async throws -> CommandOutcome<D.State> {
    guard submission.isStreamChosen || first.stream == submission.stream else {
      throw CommonRejection.commandIDReused
    }
    let then = try await folder.load(first.stream, through: first.revision)
    return CommandOutcome(
      stream: first.stream,
      position: first.position,
      revision: first.revision,
      isRepeat: true,
      state: then.state
    )
  }
}

extension ExpectedRevision {
  /// Whether a lost race may be decided anew without breaking what the caller asked for.
  fileprivate var isLoose: Bool {
    switch self {
    case .any, .streamExists: true
    case .noStream, .exactly: false
    }
  }
}

extension CallContext {
  /// The metadata of events that a call brings about.
  func eventMetadata(commandID: EventID?) -> EventLogCore.Metadata {
    typealias Keys = EventLogCore.Metadata.Keys
    var metadata = EventLogCore.Metadata()
    metadata[Keys.correlationID] = correlationID
    metadata[Keys.causationID] = causationID ?? commandID?.description
    metadata[Keys.actor] = caller.id
    metadata[Keys.traceparent] = traceparent
    metadata[Keys.occurredAt] = occurredAt?.description
    metadata[Idempotency.metadataKey] = idempotency?.fingerprint
    return metadata
  }
}
