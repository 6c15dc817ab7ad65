public import EventLogCore
internal import GRPCCore
internal import GRPCNIOTransportHTTP2
public import Logging
internal import Schemas

/// An event log at the other end of a network: a client of an Event Service.
///
/// - Shape: calls are sent again while the service cannot be reached, for as long as the settings'
///   patience; an append is sent again with the same ids, so that it is written once. Waits for the
///   head share one stream, which is taken up again wherever it breaks.
/// - Errors: what the log at the other end throws; `.unavailable` for a service that cannot be
///   reached or refuses the token, `.outcomeUnknown` for an append whose answer never came, and
///   `.logEpochChanged` once the service has another log, or this one from a backup: connect anew.
/// - Source: laws L1 to L51, as every engine.
public final class RemoteEventLog: EventLogEngine {
  typealias Transport = HTTP2ClientTransport.Posix

  /// Which log this is; fixed for the life of the client.
  public let identity: LogIdentity

  let line: Line
  /// The line to the service that appends, where that is another.
  let lines: LeaderLines
  let search: LeaderSearch
  private let heads: HeadWatch
  private let gate = CallGate()
  private let headQuestion = SharedQuestions<Bool, GlobalPosition>()
  private let log: Wordweave_Events_V1_EventLog.Client<Transport>

  private init(
    _ line: Line,
    identity: LogIdentity,
    settings: RemoteSettings,
    logger: Logger
  ) {
    self.line = line
    self.identity = identity
    search = LeaderSearch(patience: settings.patience)
    lines = LeaderLines(logger: logger) { leader in
      RemoteSettings.place(leader.address).map { place in
        var there = settings
        (there.host, there.port) = place
        return there
      }
    }
    log = Wordweave_Events_V1_EventLog.Client(wrapping: line.client)
    heads = HeadWatch(line)
  }

  /// Reaches an Event Service and asks it which log it has.
  ///
  /// - Parameters:
  ///   - settings: where the service is, and what proves who calls.
  ///   - logger: for connections that break and come back.
  /// - Returns: an engine, to be closed.
  /// - Throws: `.invalid` for settings that cannot be used, `.unavailable` for a service that is not
  ///   reached within the settings' patience or refuses the token.
  public static func connect(
    _ settings: RemoteSettings,
    logger: Logger = Logger(label: "wordweave.remote")
  ) async throws(EventLogError) -> RemoteEventLog {
    if let complaint = settings.complaint { throw .invalid(complaint) }
    let line = try Line(settings, logger: logger)
    let log = Wordweave_Events_V1_EventLog.Client(wrapping: line.client)
    do throws(EventLogError) {
      let answer = try await line.asking { metadata in
        try await log.head(.init(), metadata: metadata, options: line.options)
      }
      let identity = try LogIdentity(answer)
      line.pin(to: identity)
      let engine = RemoteEventLog(line, identity: identity, settings: settings, logger: logger)
      engine.heads.publish(GlobalPosition(answer.head))
      return engine
    } catch {
      await line.close()
      throw error
    }
  }

  deinit {
    heads.close()
    lines.abandon()
    line.abandon()
  }

  /// The other end writes the log's own events.
  public var takesReserved: Bool { false }

  /// Writes a request whole or not at all and answers when it is durable at the other end.
  public func append(_ request: AppendRequest) async throws(EventLogError) -> AppendReceipt {
    guard gate.enter() else { throw .closed }
    defer { gate.leave() }
    try request.validate()
    guard !Task.isCancelled else { throw .cancelled }
    if let removal = RemovalCall(request) { return try await remove(removal) }
    guard !request.isReserved else {
      throw .invalid("of the log's own events, removals alone can be written from here")
    }
    let named = request.withIDs()
    let message = Wordweave_Events_V1_AppendRequest(named)
    let options = line.options(sending: max(named.eventBytes, named.eventCount * Self.eventWeight))
    let answer = try await writing(isRepeatable: request.ids == .unique, position: \.position) {
      line,
      metadata in
      try await Wordweave_Events_V1_EventLog.Client(wrapping: line.client)
        .append(message, metadata: metadata, options: options)
    }
    let receipt = AppendReceipt(answer, of: named)
    heads.publish(receipt.lastPosition)
    return receipt
  }

  /// What an event counts at least when it is asked how long an append may take: many small ones are
  /// work as well.
  private static let eventWeight = 256

  private func remove(_ removal: RemovalCall) async throws(EventLogError) -> AppendReceipt {
    let change = try await writing(isRepeatable: false, position: \.position) { line, metadata in
      let streams = Wordweave_Events_V1_Streams.Client(wrapping: line.client)
      return switch removal {
      case .truncate(let request):
        try await streams.truncate(request, metadata: metadata, options: line.options)
      case .tombstone(let request):
        try await streams.tombstone(request, metadata: metadata, options: line.options)
      }
    }
    heads.publish(GlobalPosition(change.position))
    return removal.receipt(change)
  }

  /// Reads one page of a stream.
  public func read(
    _ stream: StreamName,
    from revision: StreamRevision,
    direction: Direction,
    limit: Int
  ) async throws(EventLogError) -> EventPage {
    guard gate.enter() else { throw .closed }
    defer { gate.leave() }
    var request = Wordweave_Events_V1_ReadStreamRequest()
    request.stream = stream.text
    request.from = revision.number
    request.backwards = direction == .backward
    request.limit = try Self.limit(limit)
    request.form = .envelopes
    let message = request
    return try page(
      try await line.asking { [log, line] metadata in
        try await log.readStreamPage(message, metadata: metadata, options: line.options)
      }
    )
  }

  /// Reads one page of the whole log.
  public func readAll(
    after position: GlobalPosition?,
    matching query: EventQuery,
    direction: Direction,
    limit: Int,
    includeRemoved: Bool
  ) async throws(EventLogError) -> EventPage {
    guard gate.enter() else { throw .closed }
    defer { gate.leave() }
    try query.validate()
    var request = Wordweave_Events_V1_ReadAllRequest()
    if let position { request.after = position.number }
    request.items = query.messages
    request.backwards = direction == .backward
    request.limit = try Self.limit(limit)
    request.form = .envelopes
    request.includeRemoved = includeRemoved
    let message = request
    return try page(
      try await line.asking { [log, line] metadata in
        try await log.readAllPage(message, metadata: metadata, options: line.options)
      }
    )
  }

  private func page(
    _ message: Wordweave_Events_V1_EventsPage
  ) throws(EventLogError) -> EventPage {
    let page = try EventPage(message)
    heads.publish(page.head)
    return page
  }

  /// The position of the event that bears this id.
  public func position(of id: EventID) async throws(EventLogError) -> GlobalPosition? {
    guard gate.enter() else { throw .closed }
    defer { gate.leave() }
    var request = Wordweave_Events_V1_ReadEventRequest()
    request.id = protobufBytes(id.bytes)
    request.positionOnly = true
    let message = request
    let answer = try await line.asking { [log, line] metadata in
      try await log.readEvent(message, metadata: metadata, options: line.options)
    }
    return answer.hasPosition ? GlobalPosition(answer.position) : nil
  }

  /// The recorded mark of a source.
  public func tracking(of source: String) async throws(EventLogError) -> UInt64? {
    guard gate.enter() else { throw .closed }
    defer { gate.leave() }
    var request = Wordweave_Events_V1_GetTrackingRequest()
    request.source = source
    let message = request
    let answer = try await line.asking { [log, line] metadata in
      try await log.getTracking(message, metadata: metadata, options: line.options)
    }
    return answer.hasPosition ? answer.position : nil
  }

  /// The published head at the other end; with `beyond` suspends until it is greater than it.
  public func head(
    beyond position: GlobalPosition?
  ) async throws(EventLogError) -> GlobalPosition {
    guard let position else {
      guard gate.enter() else { throw .closed }
      defer { gate.leave() }
      guard !Task.isCancelled else { throw .cancelled }
      let head = try await headQuestion.answer(true) { [log, line] () throws(EventLogError) in
        let answer = try await line.asking { metadata in
          try await log.head(.init(), metadata: metadata, options: line.options)
        }
        return GlobalPosition(answer.head)
      }
      heads.publish(head)
      return head
    }
    guard !gate.isClosed else { throw .closed }
    return try await heads.wait(beyond: position)
  }

  /// Writes events of an export at their own positions.
  public func restore(_ events: [RecordedEvent]) async throws(EventLogError) {
    guard gate.enter() else { throw .closed }
    defer { gate.leave() }
    for chunk in EnvelopeRun.chunks(of: events) {
      var request = Wordweave_Events_V1_RestoreRequest()
      request.envelopes = EnvelopeRun.bytes(of: chunk)
      let message = request
      let options = line.options(sending: message.envelopes.count)
      // Events that are there already are compared, so that this may be sent again.
      let answer = try await writing(isRepeatable: true, position: \.head) { line, metadata in
        try await Wordweave_Events_V1_Transfer.Client(wrapping: line.client)
          .restore(message, metadata: metadata, options: options)
      }
      heads.publish(GlobalPosition(answer.head))
    }
  }

  /// Ends the client: calls under way are answered, waits end; the log at the other end goes on.
  public func close() async {
    heads.close()
    await gate.close()
    await lines.close()
    await line.close()
  }

  private static func limit(_ limit: Int) throws(EventLogError) -> UInt32 {
    guard (1...EventLogLimits.pageEvents).contains(limit) else {
      throw .invalid("a page holds 1 to \(EventLogLimits.pageEvents) events, not \(limit)")
    }
    return UInt32(limit)
  }
}
