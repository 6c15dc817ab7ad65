internal import GRPCCore
internal import HTTPTypes
internal import Hummingbird
internal import Schemas

/// Replays in the background, for operators.
enum ReplaysRoutes {
  static let all = [
    Route(.post, "/v1/admin/replays", .administrator, start),
    Route(.get, "/v1/admin/replays", .administrator, list),
    Route(.get, "/v1/admin/replays/{id}", .administrator, one),
    Route(.post, "/v1/admin/replays/{id}/cancel", .administrator, cancel),
  ]

  private static func start(_ exchange: inout Exchange) async throws -> Response {
    var members = try await exchange.members()
    var request = Wordweave_Events_V1_StartReplayRequest()
    request.consumer = members.required("consumer", bytes: 512)
    request.after = members.number("after", through: UInt64(Int64.max))
    request.through = members.number("through", through: UInt64(Int64.max))
    // The log's own limits of a query, and of a name in it.
    request.types = members.texts("types", count: 64, characters: 255) ?? []
    request.tags = members.texts("tags", count: 64, characters: 255) ?? []
    request.rate = UInt32(members.number("rate", through: UInt64(UInt32.max)))
    try members.finish()
    let replay = try await exchange.core.upstreams.replays.start(
      request,
      metadata: exchange.callMetadata,
      options: Upstreams.writeOptions
    )
    return try exchange.json(.accepted) { (writer) throws(Problem) in writer.replay(replay) }
  }

  private static func list(_ exchange: inout Exchange) async throws -> Response {
    let found = try await exchange.core.upstreams.replays.list(
      .init(),
      metadata: exchange.callMetadata,
      options: Upstreams.readOptions
    )
    return try exchange.json { (writer) throws(Problem) in
      writer.object { writer in
        writer.key("items")
        writer.array { writer in for replay in found.replays { writer.replay(replay) } }
      }
    }
  }

  private static func one(_ exchange: inout Exchange) async throws -> Response {
    let replay = try await exchange.core.upstreams.replays.get(
      named(exchange),
      metadata: exchange.callMetadata,
      options: Upstreams.readOptions
    )
    return try exchange.json { (writer) throws(Problem) in writer.replay(replay) }
  }

  private static func cancel(_ exchange: inout Exchange) async throws -> Response {
    try await exchange.noMembers()
    let replay = try await exchange.core.upstreams.replays.cancel(
      named(exchange),
      metadata: exchange.callMetadata,
      options: Upstreams.writeOptions
    )
    return try exchange.json { (writer) throws(Problem) in writer.replay(replay) }
  }

  private static func named(_ exchange: Exchange) -> Wordweave_Events_V1_ReplayRequestByID {
    var request = Wordweave_Events_V1_ReplayRequestByID()
    request.id = exchange.parameter("id")
    return request
  }
}

extension JSONWriter {
  /// A replay and how far it is.
  fileprivate mutating func replay(_ replay: Wordweave_Events_V1_Replay) {
    object { writer in
      writer.member("id", replay.id)
      writer.member("consumer", replay.consumer)
      writer.member("after", replay.after)
      writer.member("through", replay.through)
      writer.member("types", replay.types)
      writer.member("tags", replay.tags)
      writer.member("rate", replay.rate)
      writer.member("state", Self.name(of: replay.state))
      writer.member("position", replay.position)
      writer.member("events", replay.events)
      writer.member("writes", replay.writes)
      writer.member("failures", replay.failures)
      writer.member("error", orNull: replay.error)
      writer.member("startedAt", moment: replay.startedAt)
      writer.key("endedAt")
      if replay.endedAt == 0 { writer.null() } else { writer.moment(replay.endedAt) }
    }
  }

  private static func name(of state: Wordweave_Events_V1_Replay.State) -> String {
    switch state {
    case .running: "running"
    case .finished: "finished"
    case .cancelled: "cancelled"
    case .failed: "failed"
    case .unspecified, .UNRECOGNIZED: "unknown"
    }
  }
}
