internal import Gateway
internal import HTTPClientDriver
internal import Synchronization
internal import Testing

@Suite struct ConsistencyTests {
  @Test func whoWroteReadsAtLeastThatPosition() async throws {
    try await GatewayFixture.run { gateway in
      let (token, _) = try await gateway.signUp("ada")
      let path = "/v1/posts/" + (try await gateway.draft(token))
      let head = gateway.world.state.withLock { $0.head }
      _ = try await gateway.send("GET", path, nil, token: token)
      #expect(gateway.world.metadata("get", "ww-min-position") == "\(head)")
      _ = try await gateway.send("GET", path)
      #expect(gateway.world.metadata("get", "ww-min-position") == nil)
    }
  }

  @Test func aFloorAskedForIsKeptOrRefused() async throws {
    try await GatewayFixture.run { gateway in
      let (token, _) = try await gateway.signUp("ada")
      let path = "/v1/posts/" + (try await gateway.draft(token))
      gateway.world.state.withLock { $0.applied = 1 }
      let position = ["WordWeave-Min-Position": "0192aaaa-1.2"]
      let lagging = try await gateway.send("GET", path, nil, position)
      #expect((lagging.status, lagging.slug) == (503, "projection-lagging"))
      #expect(lagging.head["retry-after"] != nil)
      #expect(!lagging.text.contains("secret-host-name"))
      let remembered = try await gateway.send("GET", path, nil, token: token)
      #expect(remembered.status == 200)
      #expect(remembered.head["wordweave-lagging"]?.hasPrefix("0192aaaa-1.") == true)
      let beyond = try await gateway.send(
        "GET",
        path,
        nil,
        ["WordWeave-Min-Position": "0192aaaa-1.999"]
      )
      #expect((beyond.status, beyond.slug) == (400, "position-beyond-head"))
      let other = try await gateway.send(
        "GET",
        path,
        nil,
        ["WordWeave-Min-Position": "0192bbbb-1.1"]
      )
      #expect((other.status, other.slug) == (409, "log-changed"))
      let broken = try await gateway.send("GET", path, nil, ["WordWeave-Min-Position": "7"])
      #expect(broken.slug == "malformed-request")
    }
  }

  @Test func aSettledWriteSaysSo() async throws {
    try await GatewayFixture.run { gateway in
      let (token, _) = try await gateway.signUp("ada")
      let settled = try await gateway.send(
        "POST",
        "/v1/posts",
        #"{"title":"a"}"#,
        token: token,
        ["Prefer": "wait=3"]
      )
      #expect(settled.head["preference-applied"] == "wait=3")
      gateway.world.state.withLock { $0.applied = 0 }
      let lagging = try await gateway.send(
        "POST",
        "/v1/posts",
        #"{"title":"a"}"#,
        token: token,
        ["Prefer": "wait=1"]
      )
      #expect(lagging.status == 201)
      #expect(lagging.head["preference-applied"] == nil)
    }
  }
}
