internal import Gateway
internal import HTTPClientDriver
internal import Synchronization
internal import Testing

@Suite struct RefusalsTests {
  @Test func everyRefusalIsAProblem() async throws {
    try await GatewayFixture.run { gateway in
      let (token, _) = try await gateway.signUp("ada")
      func expect(
        _ status: Int,
        _ slug: String,
        _ method: String,
        _ path: String,
        _ body: String? = nil,
        token: String? = nil,
        _ headers: [String: String] = [:],
        sourceLocation: SourceLocation = #_sourceLocation
      ) async throws {
        let response = try await gateway.send(method, path, body, token: token, headers)
        #expect(response.status == status, sourceLocation: sourceLocation)
        #expect(response.slug == slug, sourceLocation: sourceLocation)
        #expect(response.head["x-request-id"] != nil, sourceLocation: sourceLocation)
        #expect(
          response.head["x-content-type-options"] == "nosniff",
          sourceLocation: sourceLocation
        )
      }
      try await expect(404, "not-found", "GET", "/nothing")
      try await expect(404, "not-found", "GET", "/v1/posts/")
      try await expect(405, "method-not-allowed", "DELETE", "/v1/posts")
      try await expect(401, "unauthenticated", "POST", "/v1/posts", #"{"title":"a"}"#)
      try await expect(401, "token-invalid", "GET", "/v1/posts", token: "nonsense")
      try await expect(400, "malformed-request", "POST", "/v1/posts", "{", token: token)
      try await expect(
        400,
        "malformed-request",
        "POST",
        "/v1/posts",
        #"{"title":"a","title":"b"}"#,
        token: token
      )
      try await expect(422, "validation", "POST", "/v1/posts", "{}", token: token)
      try await expect(422, "validation", "POST", "/v1/posts", #"{"title":7}"#, token: token)
      try await expect(
        422,
        "unknown-member",
        "POST",
        "/v1/posts",
        #"{"title":"a","ownerId":"user_x"}"#,
        token: token
      )
      try await expect(
        422,
        "validation",
        "POST",
        "/v1/posts",
        #"{"title":"a\u0001"}"#,
        token: token
      )
      try await expect(
        415,
        "unsupported-media-type",
        "POST",
        "/v1/posts",
        "title=a",
        token: token,
        ["Content-Type": "text/plain"]
      )
      try await expect(
        415,
        "unsupported-media-type",
        "POST",
        "/v1/posts",
        #"{"title":"a"}"#,
        token: token,
        ["Content-Type": "application/json; charset=latin1"]
      )
      try await expect(400, "malformed-request", "GET", "/v1/posts?tag=%zz")
      try await expect(400, "malformed-request", "GET", "/v1/posts?tag=a&tag=b")
      try await expect(403, "forbidden", "GET", "/v1/admin/log", token: token)
      try await expect(401, "unauthenticated", "GET", "/v1/admin/log")
    }
  }

  @Test func limitsHoldAtTheirEdgeAndOneAbove() async throws {
    try await GatewayFixture.run { gateway in
      let (token, _) = try await gateway.signUp("ada")
      func post(_ title: String) async throws -> Int {
        try await gateway.send("POST", "/v1/posts", #"{"title":"\#(title)"}"#, token: token).status
      }
      #expect(try await post(String(repeating: "é", count: 200)) == 201)
      #expect(try await post(String(repeating: "é", count: 201)) == 422)
      let target = "/v1/posts?tag="
      let fill = GatewayLimits.target - target.utf8.count
      // A tag of that length exists nowhere: the list is empty.
      #expect(
        try await gateway.send("GET", target + String(repeating: "a", count: fill)).status == 200
      )
      let long = try await gateway.send("GET", target + String(repeating: "a", count: fill + 1))
      #expect((long.status, long.slug) == (414, "uri-too-long"))
      let wide = try await gateway.send(
        "GET",
        "/v1/posts",
        nil,
        ["X-Wide": String(repeating: "a", count: GatewayLimits.headers)]
      )
      #expect((wide.status, wide.slug) == (431, "headers-too-large"))
      let body = #"{"title":"a","body":""# + String(repeating: "a", count: 512 * 1024) + #""}"#
      #expect(try await gateway.send("POST", "/v1/posts", body, token: token).status == 201)
      let large = String(repeating: " ", count: GatewayLimits.postBody) + "{}"
      let refused = try await gateway.send("POST", "/v1/posts", large, token: token)
      #expect((refused.status, refused.slug) == (413, "body-too-large"))
    }
  }

  @Test func aCookieNeedsAnOriginFromTheList() async throws {
    try await GatewayFixture.run { gateway in
      let (token, _) = try await gateway.signUp("ada")
      let cookie = ["Cookie": "a=b; __session=" + token]
      #expect(try await gateway.send("GET", "/v1/me", nil, cookie).status == 200)
      let bare = try await gateway.send("POST", "/v1/posts", #"{"title":"a"}"#, cookie)
      #expect((bare.status, bare.slug) == (403, "csrf"))
      let good = try await gateway.send(
        "POST",
        "/v1/posts",
        #"{"title":"a"}"#,
        cookie.merging(["Origin": "https://app.example"]) { $1 }
      )
      #expect(good.status == 201)
      #expect(good.head["access-control-allow-origin"] == "https://app.example")
      let foreign = try await gateway.send("GET", "/v1/posts", nil, ["Origin": "null"])
      #expect(foreign.head["access-control-allow-origin"] == nil)
      #expect(foreign.head["vary"]?.contains("Origin") == true)
    }
  }

  @Test func tooManyAtOnceAreTurnedAway() async throws {
    try await GatewayFixture.run {
      $0.inFlightLimit = 2
    } _: { gateway in
      let (token, _) = try await gateway.signUp("ada")
      let path = "/v1/posts/" + (try await gateway.draft(token))
      gateway.world.state.withLock { $0.gate = [] }
      try await withThrowingTaskGroup(of: Int.self) { group in
        for _ in 0..<2 { group.addTask { try await gateway.send("GET", path).status } }
        while gateway.world.state.withLock({ $0.gate?.count ?? 0 }) < 2 { await Task.yield() }
        let refused = try await gateway.send("GET", path)
        #expect((refused.status, refused.slug) == (503, "overloaded"))
        #expect(refused.head["retry-after"] == "1")
        #expect(try await gateway.send("GET", "/healthz").status == 200)
        let waiting = gateway.world.state.withLock { state in
          defer { state.gate = nil }
          return state.gate ?? []
        }
        for continuation in waiting { continuation.resume() }
        for try await status in group { #expect(status == 200) }
      }
    }
  }
}
