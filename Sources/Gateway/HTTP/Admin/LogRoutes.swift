internal import GRPCCore
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import Schemas
internal import Synchronization

/// The log, for operators.
enum LogRoutes {
  static let all = [
    Route(.get, "/v1/admin/log", .administrator, stats),
    Route(.get, "/v1/admin/events", .administrator, events),
    Route(.get, "/v1/admin/events/tail", .administrator, tail),
    Route(.get, "/v1/admin/streams/{name}/events", .administrator, stream),
    Route(.post, "/v1/admin/log/verifications", .administrator, verify),
  ]

  /// Reading a page of large events takes longer than reading one thing.
  private static let pageOptions = Upstreams.options(timeout: .seconds(30))

  private static func stats(_ exchange: inout Exchange) async throws -> Response {
    let found = try await exchange.core.upstreams.administration.stats(
      .init(),
      metadata: exchange.callMetadata,
      options: pageOptions
    )
    return try exchange.json { (writer) throws(Problem) in
      writer.object { writer in
        writer.member("head", found.head)
        writer.member("log", found.log)
        writer.member("streams", found.streams)
        writer.member("bytesOnDisk", found.bytesOnDisk)
        writer.member("engine", found.engine)
        writer.member("counted", found.counted)
        writer.member("countedOf", found.countedOf)
        writer.key("types")
        writer.array { writer in
          for type in found.types {
            writer.object {
              $0.member("type", type.type)
              $0.member("events", type.events)
            }
          }
        }
      }
    }
  }

  private static func events(_ exchange: inout Exchange) async throws -> Response {
    var request = Wordweave_Events_V1_ReadAllRequest()
    let positions = UInt64(0)...UInt64(Int64.max)
    let after = try exchange.query.number("after", positions)
    let before = try exchange.query.number("before", positions)
    request.backwards = try isBackwards(exchange)
    request.limit = try limit(exchange)
    // The page's bound at the far end is kept here: the log reads from one end only.
    if request.backwards {
      if let before { request.after = before }
    } else if let after {
      request.after = after
    }
    let types = exchange.query.items.filter { $0.name == "type" }.map(\.value)
    let tags = exchange.query.items.filter { $0.name == "tag" }.map(\.value)
    guard types.count + tags.count <= 64,
      (types + tags).allSatisfy({ (1...512).contains($0.utf8.count) })
    else {
      throw Problem(.validation, errors: [.init("type", "invalid", "At most 64 types and tags.")])
    }
    if !types.isEmpty || !tags.isEmpty {
      var item = Wordweave_Events_V1_QueryItem()
      item.types = types
      item.tags = tags
      request.items = [item]
    }
    var page = try await exchange.core.upstreams.eventLog.readAllPage(
      request,
      metadata: exchange.callMetadata,
      options: pageOptions
    )
    let far = request.backwards ? after : before
    if let far {
      let count = page.events.count
      let isBackwards = request.backwards
      page.events.removeAll { isBackwards ? $0.position <= far : $0.position >= far }
      if page.events.count < count || (isBackwards ? page.scannedTo <= far : page.scannedTo >= far)
      {
        page.isEnd = true
      }
    }
    return try show(exchange, page)
  }

  private static func stream(_ exchange: inout Exchange) async throws -> Response {
    var request = Wordweave_Events_V1_ReadStreamRequest()
    request.stream = exchange.parameter("name")
    guard request.stream.utf8.count <= 512 else { throw Problem(.notFound) }
    if let from = try exchange.query.number("from", UInt64(0)...UInt64(Int64.max)) {
      request.from = from
    }
    request.backwards = try isBackwards(exchange)
    request.limit = try limit(exchange)
    let page = try await exchange.core.upstreams.eventLog.readStreamPage(
      request,
      metadata: exchange.callMetadata,
      options: pageOptions
    )
    return try show(exchange, page)
  }

  private static func show(
    _ exchange: Exchange,
    _ page: Wordweave_Events_V1_EventsPage
  ) throws -> Response {
    try exchange.json(capacity: 1024 * (1 + page.events.count)) { (writer) throws(Problem) in
      writer.object { writer in
        writer.key("items")
        writer.array { writer in for event in page.events { writer.event(event) } }
        writer.member("scannedTo", page.scannedTo)
        writer.member("head", page.head)
        writer.member("isEnd", page.isEnd)
      }
    }
  }

  private static func isBackwards(_ exchange: Exchange) throws(Problem) -> Bool {
    switch try exchange.query.value("direction") {
    case nil, "forwards"?, "forward"?: false
    case "backwards"?, "backward"?: true
    default:
      throw Problem(
        .validation,
        errors: [.init("direction", "unknown", "One of forwards, backwards.")]
      )
    }
  }

  private static func limit(_ exchange: Exchange) throws(Problem) -> UInt32 {
    try exchange.query.number("limit", 1...UInt32(GatewayLimits.eventPageMaximum)) ?? 100
  }

  /// Follows the log without end.
  ///
  /// When nothing happens `caughtUp` is repeated now and then: only a write shows that a reader has
  /// left.
  private static func tail(_ exchange: inout Exchange) async throws -> Response {
    var request = Wordweave_Events_V1_SubscribeRequest()
    if let after = try exchange.query.number("after", UInt64(0)...UInt64(Int64.max)) {
      request.after = after
    } else {
      request.fromHead = true
    }
    let message = request
    let metadata = exchange.callMetadata
    let log = exchange.core.upstreams.eventLog
    return exchange.lines { conveyor in
      // Where the reader is, once it was told that nothing was left.
      let reached = Mutex<UInt64?>(nil)
      try await conveyor.send(every: GatewayLimits.tailBeat) {
        reached.withLock { $0.map { caughtUp($0) } }
      } besides: {
        try await log.subscribe(
          message,
          metadata: metadata,
          options: Upstreams.options(timeout: nil)
        ) { response in
          for try await part in response.messages {
            switch part.content {
            case .events(let page):
              for event in page.events {
                try await conveyor.send { writer in
                  writer.object {
                    $0.key("event")
                    $0.event(event)
                  }
                }
                reached.withLock { if $0 != nil { $0 = event.position } }
              }
            case .caughtUp(let position), .checkpoint(let position):
              reached.withLock { $0 = position }
              try await conveyor.send(caughtUp(position))
            case .fellBehind, nil: break
            }
          }
        }
      }
    }
  }

  private static func caughtUp(_ position: UInt64) -> ByteBuffer {
    var writer = JSONWriter()
    writer.object { $0.member("caughtUp", position) }
    writer.endLine()
    return writer.buffer
  }

  private static func verify(_ exchange: inout Exchange) async throws -> Response {
    try await exchange.noMembers()
    let metadata = exchange.callMetadata
    let administration = exchange.core.upstreams.administration
    return exchange.lines(of: { each in
      try await administration.verify(
        .init(),
        metadata: metadata,
        options: Upstreams.options(timeout: nil),
        onResponse: each
      )
    }) { writer, progress in
      writer.object {
        $0.member("done", progress.done)
        $0.member("total", progress.total)
        $0.member("findings", progress.findings)
        $0.member("finished", progress.finished)
      }
    }
  }
}
