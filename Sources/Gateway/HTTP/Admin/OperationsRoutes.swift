internal import GRPCCore
internal import HTTPTypes
internal import Hummingbird
internal import Schemas

/// The log as a thing that is kept running: its state, limits, backups, compaction, leadership.
enum OperationsRoutes {
  static let all = [
    Route(.get, "/v1/admin/log/status", .administrator, status),
    Route(.get, "/v1/admin/log/limits", .administrator, limits),
    Route(.post, "/v1/admin/log/backups", .administrator, backUp),
    Route(.post, "/v1/admin/log/compactions", .administrator, compact),
    Route(.post, "/v1/admin/log/hand-over", .administrator, handOver),
  ]

  private static func status(_ exchange: inout Exchange) async throws -> Response {
    let found = try await exchange.core.upstreams.administration.status(
      .init(),
      metadata: exchange.callMetadata,
      options: Upstreams.readOptions
    )
    return try exchange.json { (writer) throws(Problem) in
      writer.object { writer in
        writer.member("engine", found.engine)
        writer.member("log", found.log)
        writer.member("epoch", found.epoch)
        writer.key("epochEnds")
        writer.array { writer in for end in found.epochEnds { writer.number(end) } }
        writer.member("head", found.head)
        writer.member("takesAppends", found.takesAppends)
        writer.member("leader", orNull: found.leader)
        writer.member("leaderEpoch", found.leaderEpoch)
        writer.member("streams", found.streams)
        writer.member("streamsWithRemovals", found.streamsWithRemovals)
        writer.member("bytesOnDisk", found.bytesOnDisk)
        writer.member("bytesInMemory", found.bytesInMemory)
        writer.member("filesWaiting", found.filesWaiting)
        writer.member("replaysRunning", found.replaysRunning)
        writer.member("startedAt", moment: found.startedAt)
      }
    }
  }

  private static func limits(_ exchange: inout Exchange) async throws -> Response {
    let found = try await exchange.core.upstreams.administration.getLimits(
      .init(),
      metadata: exchange.callMetadata,
      options: Upstreams.readOptions
    )
    return try exchange.json { (writer) throws(Problem) in
      writer.object { writer in
        writer.key("items")
        writer.array { writer in
          for limit in found.limits {
            writer.object {
              $0.member("name", limit.name)
              $0.member("value", limit.value)
              $0.member("unit", limit.unit)
            }
          }
        }
      }
    }
  }

  private static func backUp(_ exchange: inout Exchange) async throws -> Response {
    try exchange.checkOperator("A backup")
    var members = try await exchange.members()
    var request = Wordweave_Events_V1_BackupRequest()
    request.path = members.required("path", bytes: GatewayLimits.folderPath)
    try members.finish()
    let message = request
    let metadata = exchange.callMetadata
    let administration = exchange.core.upstreams.administration
    return exchange.lines(of: { each in
      try await administration.backup(
        message,
        metadata: metadata,
        options: Upstreams.options(timeout: nil),
        onResponse: each
      )
    }) { writer, progress in
      writer.object {
        $0.member("phase", progress.phase)
        $0.member("done", progress.done)
        $0.member("total", progress.total)
        $0.member("head", progress.head)
        $0.member("files", progress.files)
        $0.member("path", progress.path)
        $0.member("finished", progress.finished)
      }
    }
  }

  private static func compact(_ exchange: inout Exchange) async throws -> Response {
    try exchange.checkOperator("Compaction")
    try await exchange.noMembers()
    let metadata = exchange.callMetadata
    let administration = exchange.core.upstreams.administration
    return exchange.lines(of: { each in
      try await administration.compact(
        .init(),
        metadata: metadata,
        options: Upstreams.options(timeout: nil),
        onResponse: each
      )
    }) { writer, progress in
      writer.object {
        $0.member("phase", progress.phase)
        $0.member("done", progress.done)
        $0.member("total", progress.total)
        $0.member("bytesBefore", progress.bytesBefore)
        $0.member("bytesNow", progress.bytesNow)
        $0.member("finished", progress.finished)
      }
    }
  }

  private static func handOver(_ exchange: inout Exchange) async throws -> Response {
    try exchange.checkOperator("Handing the lead over")
    try await exchange.noMembers()
    let answer = try await exchange.core.upstreams.administration.handOverLeadership(
      .init(),
      metadata: exchange.callMetadata,
      options: Upstreams.writeOptions
    )
    return try exchange.json { (writer) throws(Problem) in
      writer.object { $0.member("head", answer.head) }
    }
  }
}
