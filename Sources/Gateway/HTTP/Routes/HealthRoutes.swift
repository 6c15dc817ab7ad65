internal import Hummingbird
internal import HTTPTypes

/// Whether the process lives, whether it can serve, and its metrics.
enum HealthRoutes {
  static let all: [Route] = [
    Route(.get, "/healthz", .open) { exchange in
      try exchange.json { (writer) throws(Problem) in
        writer.object { $0.member("status", "up") }
      }
    },
    Route(.get, "/readyz", .open, ready),
    Route(.get, "/metrics", .open) { exchange in
      Response(
        status: .ok,
        headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
        body: .init(byteBuffer: ByteBuffer(string: exchange.core.registry.text()))
      )
    },
  ]

  private static func ready(_ exchange: inout Exchange) async throws -> Response {
    let core = exchange.core
    var checks: [(name: StaticString, isGood: Bool)] = [
      ("serving", !core.isDraining), ("keys", core.keys.isReady),
    ]
    do {
      try await core.refreshLog()
      checks.append(("events", true))
    } catch {
      checks.append(("events", false))
    }
    // The head is told from memory by a log whose disk is full or whose database is away.
    if let takesAppends = core.configuration.takesAppends {
      let isGood = await takesAppends()
      checks.append(("appends", isGood))
    }
    let isReady = checks.allSatisfy(\.isGood)
    return try exchange.json(isReady ? .ok : .serviceUnavailable) { (writer) throws(Problem) in
      writer.object { writer in
        writer.member("status", isReady ? "ready" : "not-ready")
        writer.key("checks")
        writer.object { writer in
          for check in checks { writer.member(check.name, check.isGood ? "pass" : "fail") }
        }
      }
    }
  }
}
