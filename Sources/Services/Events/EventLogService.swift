internal import EventLogCore
internal import GRPCCore
internal import Schemas

/// Reading the log over gRPC.
struct EventLogService: Wordweave_Events_V1_EventLog.SimpleServiceProtocol {
  /// Events of a page when the caller names no limit.
  static let defaultLimit = 1000

  let store: EventStore

  func readStream(
    request: Wordweave_Events_V1_ReadStreamRequest,
    context: ServerContext
  ) async throws -> Wordweave_Events_V1_EventsPage {
    let direction: Direction = request.backwards ? .backward : .forward
    let start: StreamRevision = request.backwards ? .max : .first
    return try await answering {
      let page = try await store.engine.read(
        StreamName(request.stream),
        from: request.hasFrom ? StreamRevision(request.from) : start,
        direction: direction,
        limit: limit(request.limit)
      )
      return Wordweave_Events_V1_EventsPage(page, of: store.identity)
    }
  }

  func readAll(
    request: Wordweave_Events_V1_ReadAllRequest,
    context: ServerContext
  ) async throws -> Wordweave_Events_V1_EventsPage {
    try await answering {
      let page = try await store.engine.readAll(
        after: request.hasAfter ? GlobalPosition(request.after) : nil,
        matching: EventQuery(request.items),
        direction: request.backwards ? .backward : .forward,
        limit: limit(request.limit)
      )
      return Wordweave_Events_V1_EventsPage(page, of: store.identity)
    }
  }

  func subscribe(
    request: Wordweave_Events_V1_SubscribeRequest,
    response: RPCWriter<Wordweave_Events_V1_SubscribeResponse>,
    context: ServerContext
  ) async throws {
    let start: SubscriptionStart =
      request.fromHead
      ? .end
      : request.hasAfter ? .after(GlobalPosition(request.after)) : .beginning
    try await answering {
      for try await message in store.subscribe(from: start, matching: EventQuery(request.items)) {
        var answer = Wordweave_Events_V1_SubscribeResponse()
        switch message {
        case .events(let page): answer.events = page.events.map(Wordweave_Events_V1_Event.init)
        case .caughtUp(let position): answer.caughtUp = position.number
        case .fellBehind(let position): answer.fellBehind = position.number
        case .checkpoint(let position): answer.checkpoint = position.number
        }
        try await response.write(answer)
      }
    }
  }

  func head(
    request: Wordweave_Events_V1_HeadRequest,
    context: ServerContext
  ) async throws -> Wordweave_Events_V1_HeadResponse {
    try await answering {
      let beyond = request.hasBeyond ? GlobalPosition(request.beyond) : nil
      var answer = Wordweave_Events_V1_HeadResponse()
      answer.head = try await store.engine.head(beyond: beyond).number
      answer.log = store.identity.text
      return answer
    }
  }

  private func limit(_ asked: UInt32) -> Int { asked == 0 ? Self.defaultLimit : Int(asked) }
}

/// Runs `body` and turns an error of the log into the status that the specification gives it.
func answering<R>(_ body: () async throws -> R) async throws -> R {
  do {
    return try await body()
  } catch let error as EventLogError {
    throw RPCError(code: error.status, message: error.description)
  }
}

extension EventLogError {
  /// The gRPC status of an error.
  var status: RPCError.Code {
    switch self {
    case .invalid, .tooLarge, .emptyAppend: .invalidArgument
    case .conflict, .conditionFailed: .aborted
    case .idConflict: .alreadyExists
    case .streamTombstoned, .trackingNotIncreasing, .logEpochChanged: .failedPrecondition
    case .overloaded, .closed, .locked, .unavailable: .unavailable
    case .outcomeUnknown: .unknown
    case .corrupt: .dataLoss
    case .cancelled: .cancelled
    }
  }
}
