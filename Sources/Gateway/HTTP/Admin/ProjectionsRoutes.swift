internal import GRPCCore
internal import HTTPTypes
internal import Hummingbird
internal import Schemas

/// Projections, rebuilds and parked streams, for operators.
enum ProjectionsRoutes {
  private static let path = "/v1/admin/projections/{service}/{name}"
  private typealias Client = any Wordweave_Events_V1_Administration.ClientProtocol
  private typealias Status = Wordweave_Events_V1_ProjectionStatus

  static let all = [
    Route(.get, "/v1/admin/projections", .administrator, list),
    Route(.get, path, .administrator, one),
    Route(.post, path + "/rebuilds", .administrator, rebuild),
    Route(.post, path + "/comparisons", .administrator, compare),
    Route(.post, path + "/replays", .administrator, replay),
    Route(.post, path + "/cancel", .administrator, cancel),
    Route(.post, path + "/cut-over", .administrator, cutOver),
    Route(.post, path + "/roll-back", .administrator, rollBack),
    Route(.get, "/v1/admin/parked", .administrator, parked),
    Route(.post, "/v1/admin/parked/redrive", .administrator, redrive),
  ]

  /// A roll-back or a cut-over waits for the lanes to stand still.
  private static let changeOptions = Upstreams.options(timeout: .seconds(60))

  private static func statuses(_ exchange: Exchange) async throws -> [Status] {
    try await exchange.core.upstreams.administration.listProjections(
      .init(),
      metadata: exchange.callMetadata,
      options: Upstreams.writeOptions
    ).projections
  }

  private static func list(_ exchange: inout Exchange) async throws -> Response {
    let found = try await statuses(exchange)
    return try exchange.json { (writer) throws(Problem) in
      writer.object { writer in
        writer.key("items")
        writer.array { writer in for status in found { writer.projection(status) } }
      }
    }
  }

  /// The projection that the path names; an unknown one is refused before anything is streamed.
  private static func status(_ exchange: Exchange) async throws -> Status {
    let name = exchange.parameter("service") + "/" + exchange.parameter("name")
    guard let status = try await statuses(exchange).first(where: { $0.name == name }) else {
      throw Problem(.notFound, "There is no such projection.")
    }
    return status
  }

  private static func one(_ exchange: inout Exchange) async throws -> Response {
    let status = try await status(exchange)
    return try exchange.json { (writer) throws(Problem) in writer.projection(status) }
  }

  private static func rebuild(_ exchange: inout Exchange) async throws -> Response {
    try await exchange.noMembers()
    var request = Wordweave_Events_V1_RebuildRequest()
    request.name = try await status(exchange).name
    request.withoutCutOver = try isDeclined("cutOver", exchange)
    request.withoutComparison = try isDeclined("comparison", exchange)
    let message = request
    let metadata = exchange.callMetadata
    let administration = exchange.core.upstreams.administration
    return exchange.lines(of: { each in
      try await administration.rebuild(
        message,
        metadata: metadata,
        options: Upstreams.options(timeout: nil),
        onResponse: each
      )
    }) { $0.progress($1) }
  }

  /// Whether the query says false to what is done without it.
  private static func isDeclined(_ name: String, _ exchange: Exchange) throws -> Bool {
    switch try exchange.query.value(name) {
    case nil, "true"?: false
    case "false"?: true
    default: throw Problem(.validation, errors: [.init(name, "invalid", "One of true, false.")])
    }
  }

  private static func compare(_ exchange: inout Exchange) async throws -> Response {
    try await exchange.noMembers()
    var request = Wordweave_Events_V1_ProjectionRequest()
    request.name = try await status(exchange).name
    let message = request
    let metadata = exchange.callMetadata
    let administration = exchange.core.upstreams.administration
    return exchange.lines(of: { each in
      try await administration.compare(
        message,
        metadata: metadata,
        options: Upstreams.options(timeout: nil),
        onResponse: each
      )
    }) { $0.progress($1) }
  }

  private static func replay(_ exchange: inout Exchange) async throws -> Response {
    try await exchange.noMembers()
    let positions = UInt64(0)...UInt64(Int64.max)
    var request = Wordweave_Events_V1_ReplayRequest()
    request.after = try exchange.query.number("after", positions) ?? 0
    request.through = try exchange.query.number("through", positions) ?? 0
    request.name = try await status(exchange).name
    let message = request
    let metadata = exchange.callMetadata
    let administration = exchange.core.upstreams.administration
    return exchange.lines(of: { each in
      try await administration.replay(
        message,
        metadata: metadata,
        options: Upstreams.options(timeout: nil),
        onResponse: each
      )
    }) { writer, progress in
      writer.object {
        $0.member("done", progress.done)
        $0.member("total", progress.total)
        $0.member("failures", progress.failures)
        $0.member("writes", progress.writes)
        $0.member("finished", progress.finished)
      }
    }
  }

  private static func cancel(_ exchange: inout Exchange) async throws -> Response {
    try await change(&exchange) {
      try await $0.cancelRebuild($1, metadata: $2, options: changeOptions)
    }
  }

  private static func cutOver(_ exchange: inout Exchange) async throws -> Response {
    try await change(&exchange) {
      try await $0.cutOver($1, metadata: $2, options: changeOptions)
    }
  }

  private static func rollBack(_ exchange: inout Exchange) async throws -> Response {
    try await change(&exchange) {
      try await $0.rollBack($1, metadata: $2, options: changeOptions)
    }
  }

  private static func change(
    _ exchange: inout Exchange,
    _ call: (Client, Wordweave_Events_V1_ProjectionRequest, Metadata) async throws -> Status
  ) async throws -> Response {
    try await exchange.noMembers()
    var request = Wordweave_Events_V1_ProjectionRequest()
    request.name = exchange.parameter("service") + "/" + exchange.parameter("name")
    let status = try await call(
      exchange.core.upstreams.administration,
      request,
      exchange.callMetadata
    )
    return try exchange.json { (writer) throws(Problem) in writer.projection(status) }
  }

  private static func parked(_ exchange: inout Exchange) async throws -> Response {
    var request = Wordweave_Events_V1_ListParkedRequest()
    request.name = try exchange.query.value("name") ?? ""
    let found = try await exchange.core.upstreams.administration.listParked(
      request,
      metadata: exchange.callMetadata,
      options: Upstreams.writeOptions
    )
    return try exchange.json { (writer) throws(Problem) in
      writer.object { writer in
        writer.key("items")
        writer.array { writer in
          for stream in found.parked {
            writer.object {
              $0.member("projection", stream.projection)
              $0.member("stream", stream.stream)
              $0.member("position", stream.position)
              $0.member("revision", stream.revision)
              $0.member("behind", stream.behind)
              $0.member("state", stream.state)
              $0.member("attempts", stream.attempts)
              $0.member("error", stream.error)
              $0.member("kind", stream.kind)
              $0.member("firstFailed", moment: stream.firstFailed)
            }
          }
        }
      }
    }
  }

  private static func redrive(_ exchange: inout Exchange) async throws -> Response {
    var members = try await exchange.members()
    var request = Wordweave_Events_V1_RedriveRequest()
    request.name = members.required("name", bytes: 512)
    request.stream = members.text("stream", bytes: 512, null: "") ?? ""
    try members.finish()
    let answer = try await exchange.core.upstreams.administration.redrive(
      request,
      metadata: exchange.callMetadata,
      options: changeOptions
    )
    return try exchange.json { (writer) throws(Problem) in
      writer.object { $0.member("streams", answer.streams) }
    }
  }
}
