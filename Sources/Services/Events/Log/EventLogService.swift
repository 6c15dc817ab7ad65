internal import EventLogCore
internal import Foundation
internal import GRPCCore
internal import Schemas

/// Writing and reading the log over gRPC.
struct EventLogService: Wordweave_Events_V1_EventLog.SimpleServiceProtocol {
  /// Events of a page when the caller names no limit.
  static let defaultLimit = 1000

  let store: EventStore

  func append(
    request: Wordweave_Events_V1_AppendRequest,
    context: ServerContext
  ) async throws -> Wordweave_Events_V1_AppendResponse {
    try await answering(context) { try await append(request) }
  }

  private func append(
    _ request: Wordweave_Events_V1_AppendRequest
  ) async throws -> Wordweave_Events_V1_AppendResponse {
    let asked = try AppendRequest(request).traced()
    return Wordweave_Events_V1_AppendResponse(try await store.engine.append(asked))
  }

  func readStreamPage(
    request: Wordweave_Events_V1_ReadStreamRequest,
    context: ServerContext
  ) async throws -> Wordweave_Events_V1_EventsPage {
    try await answering(context) {
      let reading = try StreamRead(request, of: store.identity)
      let page = try await reading.page(of: store.engine)
      return reading.message(page.beginning(as: reading.form))
    }
  }

  func readAllPage(
    request: Wordweave_Events_V1_ReadAllRequest,
    context: ServerContext
  ) async throws -> Wordweave_Events_V1_EventsPage {
    try await answering(context) {
      let reading = try LogRead(request, of: store.identity)
      let page = try await reading.page(of: store.engine)
      return reading.message(page.beginning(as: reading.form))
    }
  }

  func readStream(
    request: Wordweave_Events_V1_ReadStreamRequest,
    response: RPCWriter<Wordweave_Events_V1_EventsPage>,
    context: ServerContext
  ) async throws {
    try await answering {
      let reading = try StreamRead(request, of: store.identity)
      try await reading.forEachPage(of: store.engine) { reading, page in
        for piece in page.pieces { try await response.write(reading.message(piece)) }
      }
    }
  }

  func readAll(
    request: Wordweave_Events_V1_ReadAllRequest,
    response: RPCWriter<Wordweave_Events_V1_EventsPage>,
    context: ServerContext
  ) async throws {
    try await answering {
      let reading = try LogRead(request, of: store.identity)
      try await reading.forEachPage(of: store.engine) { reading, page in
        for piece in page.pieces { try await response.write(reading.message(piece)) }
      }
    }
  }

  func readEvent(
    request: Wordweave_Events_V1_ReadEventRequest,
    context: ServerContext
  ) async throws -> Wordweave_Events_V1_ReadEventResponse {
    try await answering(context) {
      let position: GlobalPosition?
      switch request.event {
      case .position(let number)?: position = GlobalPosition(number)
      case .id(let bytes)?:
        position = try await store.engine.position(of: try EventID(message: bytes))
      case nil: throw EventLogError.invalid("which event is meant is not said")
      }
      return try await found(at: position, request)
    }
  }

  private func found(
    at position: GlobalPosition?,
    _ request: Wordweave_Events_V1_ReadEventRequest
  ) async throws -> Wordweave_Events_V1_ReadEventResponse {
    var answer = Wordweave_Events_V1_ReadEventResponse()
    answer.head = try await store.engine.head().number
    guard let position, position > .start else { return answer }
    if request.positionOnly {
      if position.number <= answer.head { answer.position = position.number }
      return answer
    }
    let page = try await store.engine.readAll(
      after: GlobalPosition(position.number - 1),
      matching: .all,
      direction: .forward,
      limit: 1,
      includeRemoved: true
    )
    answer.head = page.head.number
    guard let event = page.events.first, event.position == position else { return answer }
    answer.position = position.number
    switch request.form {
    case .envelopes: answer.envelope = Data(event.envelope)
    default: answer.event = Wordweave_Events_V1_Event(event)
    }
    return answer
  }

  func head(
    request: Wordweave_Events_V1_HeadRequest,
    context: ServerContext
  ) async throws -> Wordweave_Events_V1_HeadResponse {
    try await answering(context) {
      let beyond = request.hasBeyond ? GlobalPosition(request.beyond) : nil
      let head = try await store.engine.head(beyond: beyond)
      return Wordweave_Events_V1_HeadResponse(head, of: store.identity)
    }
  }

  func watchHead(
    request: Wordweave_Events_V1_WatchHeadRequest,
    response: RPCWriter<Wordweave_Events_V1_HeadResponse>,
    context: ServerContext
  ) async throws {
    try await answering {
      var head = try await store.engine.head()
      while true {
        try await response.write(Wordweave_Events_V1_HeadResponse(head, of: store.identity))
        head = try await store.engine.head(beyond: head)
      }
    }
  }

  func getTracking(
    request: Wordweave_Events_V1_GetTrackingRequest,
    context: ServerContext
  ) async throws -> Wordweave_Events_V1_GetTrackingResponse {
    try await answering(context) {
      var answer = Wordweave_Events_V1_GetTrackingResponse()
      if let position = try await store.engine.tracking(of: request.source) {
        answer.position = position
      }
      answer.head = try await store.engine.head().number
      return answer
    }
  }

  func subscribe(
    request: Wordweave_Events_V1_SubscribeRequest,
    response: RPCWriter<Wordweave_Events_V1_SubscribeResponse>,
    context: ServerContext
  ) async throws {
    try await answering {
      let form = try EventForm(request.form)
      var settings = SubscriptionSettings()
      settings.pageLimit = try PageLimit.events(request.limit)
      let messages = store.subscribe(
        from: try start(request),
        matching: EventQuery(request.items),
        settings: settings
      )
      var pace = SubscriptionPace(messages)
      while let message = try await pace.next() {
        var answer = Wordweave_Events_V1_SubscribeResponse()
        switch message {
        case .events(let page):
          for piece in page.pieces {
            answer.events = Wordweave_Events_V1_EventsPage(piece, of: store.identity, as: form)
            try await response.write(answer)
          }
          continue
        case .caughtUp(let position): answer.caughtUp = position.number
        case .fellBehind(let position): answer.fellBehind = position.number
        case .checkpoint(let position): answer.checkpoint = position.number
        }
        try await response.write(answer)
      }
    }
  }

  private func start(
    _ request: Wordweave_Events_V1_SubscribeRequest
  ) throws(EventLogError) -> SubscriptionStart {
    if request.hasCheckpoint {
      return .checkpoint(
        LogCheckpoint(
          log: try EventID(message: request.checkpoint.logID),
          epoch: request.checkpoint.epoch,
          position: GlobalPosition(request.checkpoint.position)
        )
      )
    }
    if request.fromHead { return .end }
    return request.hasAfter ? .after(GlobalPosition(request.after)) : .beginning
  }
}

extension EventLogService: DirectlyServed {
  var directCalls: [DirectCall] {
    [
      DirectCall(Wordweave_Events_V1_EventLog.Method.Append.descriptor) { request in
        try await answering { try await append(request) }
      }
    ]
  }
}

/// How many events a page holds.
enum PageLimit {
  /// The caller's limit, or the default for 0.
  static func events(_ asked: UInt32) throws(EventLogError) -> Int {
    let limit = asked == 0 ? EventLogService.defaultLimit : Int(asked)
    guard limit <= EventLogLimits.pageEvents else {
      throw .invalid("a page holds 1 to \(EventLogLimits.pageEvents) events, not \(limit)")
    }
    return limit
  }
}
