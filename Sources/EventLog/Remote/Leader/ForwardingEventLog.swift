public import EventLogCore
internal import GRPCCore
public import Logging
internal import Schemas

/// How a process reaches the one that leads, to pass requests on.
public struct ForwardingSettings: Sendable {
  /// Whom it trusts to be the leader.
  public var trust: RemoteSettings.Trust
  /// Whether it proves by the secret of the term that it may; an Event Service that is open to
  /// everybody needs none.
  public var sendsSecret: Bool
  /// How long a request is tried: a little less than the five seconds of a call that names no
  /// time, so that its caller still hears that nothing was written.
  public var patience: Duration = .seconds(4)

  /// Makes settings.
  public init(trust: RemoteSettings.Trust = .plainText, sendsSecret: Bool = true) {
    self.trust = trust
    self.sendsSecret = sendsSecret
  }
}

/// A log that several processes have open, as each of them can append to it: reads are answered by
/// the engine at hand, changes by the process that leads.
///
/// - Shape: what a leader answered is visible here before it is answered here (law L24). A request
///   that is passed on bears ids, so that it is written once however often it is sent. The leader
///   passes nothing on, so that no request goes in a circle.
/// - Errors: as the engine at hand; `.notLeader` or `.unavailable` if nobody took the request up
///   within the patience, `.outcomeUnknown` if its answer was lost and none came since.
/// - Source: the event log's specification, section 2.2; laws L21 and L24.
public final class ForwardingEventLog: EventLogEngine {
  private let local: any LedEventLog
  private let lines: LeaderLines
  private let search: LeaderSearch
  private let watching: Task<Void, Never>

  /// Puts forwarding before an engine, which is closed with this one.
  public init(
    _ local: any LedEventLog,
    settings: ForwardingSettings = ForwardingSettings(),
    logger: Logger = Logger(label: "wordweave.forwarding")
  ) {
    self.local = local
    search = LeaderSearch(patience: settings.patience)
    let lines = LeaderLines(logger: logger) { leader in
      RemoteSettings.place(leader.address).map { place in
        RemoteSettings(
          host: place.host,
          port: place.port,
          trust: settings.trust,
          token: settings.sendsSecret ? leader.secret : nil
        )
      }
    }
    self.lines = lines
    watching = Task {
      for await leadership in local.leaderships() { lines.keep(only: leadership.leader) }
    }
  }

  deinit {
    watching.cancel()
    lines.abandon()
  }

  /// Which log this is.
  public var identity: LogIdentity { local.identity }

  /// Writes a request whole or not at all and answers when it is durable and visible here.
  public func append(_ request: AppendRequest) async throws(EventLogError) -> AppendReceipt {
    let named = request.withIDs()
    return try await search.run(
      isRepeatable: named.ids == .unique,
      here: { [local] () throws(EventLogError) in try await local.append(named) },
      there: { [self] _ throws(EventLogError) in try await forward(named) }
    )
  }

  private func forward(_ named: AppendRequest) async throws(EventLogError) -> AppendReceipt {
    let line = try lineToLeader()
    var message = Wordweave_Events_V1_ForwardedAppendRequest()
    message.request = Wordweave_Events_V1_AppendRequest(named)
    message.reserved = named.isReserved
    let asked = message
    let options = line.forwarding(named.eventBytes)
    let answer = try await refusedAtHead(line) { metadata in
      try await Wordweave_Events_V1_Cluster.Client(wrapping: line.client)
        .append(asked, metadata: metadata, options: options)
    }
    await see(GlobalPosition(answer.head))
    return AppendReceipt(answer.receipt, of: named)
  }

  /// Writes events of an export at their own positions.
  public func restore(_ events: [RecordedEvent]) async throws(EventLogError) {
    try await search.run(
      // Events that are there already are compared.
      isRepeatable: true,
      here: { [local] () throws(EventLogError) in try await local.restore(events) },
      there: { [self] _ throws(EventLogError) in
        for chunk in EnvelopeRun.chunks(of: events) { try await forward(chunk) }
      }
    )
  }

  private func forward(_ chunk: ArraySlice<RecordedEvent>) async throws(EventLogError) {
    let line = try lineToLeader()
    var message = Wordweave_Events_V1_ForwardedRestoreRequest()
    message.envelopes = EnvelopeRun.bytes(of: chunk)
    let asked = message
    let options = line.forwarding(asked.envelopes.count)
    let answer = try await refusedAtHead(line) { metadata in
      try await Wordweave_Events_V1_Cluster.Client(wrapping: line.client)
        .restore(asked, metadata: metadata, options: options)
    }
    await see(GlobalPosition(answer.head))
  }

  private func lineToLeader() throws(EventLogError) -> Line {
    guard let leader = local.leadership.leader else { throw .notLeader(address: nil) }
    return try lines.line(to: leader, of: local.identity)
  }

  /// Sends a change; a refusal comes with the head that it rests on, and that is visible here when
  /// it is told: who reads again and decides anew sees why.
  private func refusedAtHead<R: Sendable>(
    _ line: Line,
    _ call: @Sendable (GRPCCore.Metadata) async throws -> R
  ) async throws(EventLogError) -> R {
    let refused = LatestHead()
    do throws(EventLogError) {
      return try await line.writing(isRepeatable: false) { metadata in
        do {
          return try await call(metadata)
        } catch let error as RPCError {
          refused.note(error.metadata)
          throw error
        } catch {
          // Whatever it is, the other end may have taken the request up.
          throw RPCError(code: .unknown, message: "the call broke off: \(error)")
        }
      }
    } catch {
      // Whoever of the two looked last, nothing was written. What this process has read and the log
      // has lost, its own engine tells; that head may be of another epoch.
      if case .logEpochChanged = error {
        throw .unavailable("the leader knows the log in another epoch")
      }
      if let head = refused.head { await see(head) }
      throw error
    }
  }

  /// Makes a head of the leader's visible here.
  private func see(_ head: GlobalPosition) async {
    guard head > .start else { return }
    local.learn(of: head)
    _ = try? await local.head(beyond: GlobalPosition(head.number - 1))
  }

  /// Reads one page of a stream.
  public func read(
    _ stream: StreamName,
    from revision: StreamRevision,
    direction: Direction,
    limit: Int
  ) async throws(EventLogError) -> EventPage {
    try await local.read(stream, from: revision, direction: direction, limit: limit)
  }

  /// Reads one page of the whole log.
  public func readAll(
    after position: GlobalPosition?,
    matching query: EventQuery,
    direction: Direction,
    limit: Int,
    includeRemoved: Bool
  ) async throws(EventLogError) -> EventPage {
    try await local.readAll(
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
    try await local.places(
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
    try await local.events(at: positions)
  }

  /// The position of the event that bears this id.
  public func position(of id: EventID) async throws(EventLogError) -> GlobalPosition? {
    try await local.position(of: id)
  }

  /// The recorded mark of a source.
  public func tracking(of source: String) async throws(EventLogError) -> UInt64? {
    try await local.tracking(of: source)
  }

  /// The published head; with `beyond` suspends until it is greater than it.
  public func head(
    beyond position: GlobalPosition?
  ) async throws(EventLogError) -> GlobalPosition {
    try await local.head(beyond: position)
  }

  /// Lets requests that were passed on be answered, and closes the engine at hand.
  public func close() async {
    watching.cancel()
    await lines.close()
    await local.close()
  }
}
