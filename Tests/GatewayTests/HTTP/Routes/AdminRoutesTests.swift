internal import GRPCCore
internal import Gateway
internal import HTTPClientDriver
internal import Testing

@Suite struct AdminRoutesTests {
  private func lines(_ response: HTTPResponse) throws -> [JSONValue] {
    try response.body.split(separator: UInt8(ascii: "\n")).map { try JSONReader.value(of: $0) }
  }

  @Test func theTailShowsEveryEventOnceInOrder() async throws {
    try await GatewayFixture.run { gateway in
      let tail = try await gateway.send(
        "GET",
        "/v1/admin/events/tail?after=0",
        nil,
        token: GatewayFixture.operatorToken
      )
      #expect(tail.head["content-type"] == "application/x-ndjson")
      let lines = try lines(tail)
      #expect(lines.compactMap { $0["event"]?["position"]?.integer } == (1...500).map(Int64.init))
      #expect(lines.last?["caughtUp"]?.integer == 500)
    }
  }

  @Test func knownDataIsShownAsJSON() async throws {
    try await GatewayFixture.run { gateway in
      let page = try await gateway.send(
        "GET",
        "/v1/admin/events",
        nil,
        token: GatewayFixture.operatorToken
      )
      let value = try JSONReader.value(of: page.body)
      guard case .array(let items)? = value["items"] else {
        Issue.record("no items")
        return
      }
      #expect(items.first?["data"]?["title"]?.text == "Tides")
    }
  }

  @Test func damageIsToldToOperatorsAlone() async throws {
    try await GatewayFixture.run { gateway in
      let stream = try await gateway.send(
        "GET",
        "/v1/admin/streams/post-1/events",
        nil,
        token: GatewayFixture.operatorToken
      )
      #expect(stream.status == 500)
      #expect(stream.slug == "log-damaged")
      #expect(stream.text.contains("damaged at position 7"))
    }
    let problem = Problem(RPCError(code: .dataLoss, message: "damaged at position 7"))
    #expect(problem.kind == .damaged)
    #expect(!problem.detail.contains("position"))
    #expect(problem.toOperators.detail == "damaged at position 7")
  }

  @Test func whatNobodyExpectedIsKeptForTheLog() {
    let expected: [RPCError.Code] = [.notFound, .aborted, .unavailable, .cancelled]
    for code in expected {
      let problem = Problem(RPCError(code: code, message: "it was so"))
      #expect(problem.cause == nil)
    }
    for code in [RPCError.Code.unknown, .internalError, .dataLoss] {
      let problem = Problem(RPCError(code: code, message: "it was so"))
      #expect(problem.cause?.message == "it was so")
      #expect(!problem.detail.contains("it was so"))
    }
  }

  @Test func aFailureInTheMiddleIsTheLastLine() async throws {
    try await GatewayFixture.run { gateway in
      let token = GatewayFixture.operatorToken
      let rebuild = try await gateway.send(
        "POST",
        "/v1/admin/projections/posts/posts/rebuilds",
        nil,
        token: token
      )
      let lines = try lines(rebuild)
      #expect(lines.first?["phase"]?.text == "filling")
      #expect(lines.last?["error"]?.text == "overloaded")
      #expect(!rebuild.text.contains("secret-host-name"))
      let unknown = try await gateway.send(
        "POST",
        "/v1/admin/projections/posts/nothing/rebuilds",
        nil,
        token: token
      )
      #expect((unknown.status, unknown.slug) == (404, "not-found"))
    }
  }

  @Test(arguments: [
    ("", ""), ("?cutOver=true&comparison=true", ""), ("?cutOver=false", "cut-over"),
    ("?comparison=false", "comparison"), ("?comparison=false&cutOver=false", "cut-over comparison"),
  ])
  func whatARebuildLeavesOutIsAskedFor(_ query: String, _ left: String) async throws {
    try await GatewayFixture.run { gateway in
      let path = "/v1/admin/projections/posts/posts/rebuilds"
      let token = GatewayFixture.operatorToken
      let rebuild = try await gateway.send("POST", path + query, nil, token: token)
      #expect(try lines(rebuild).first?["message"]?.text ?? "" == left)
      let unclear = try await gateway.send("POST", path + "?comparison=no", nil, token: token)
      #expect((unclear.status, unclear.slug) == (422, "validation"))
    }
  }

  @Test func anImportTellsOfEachLine() async throws {
    try await GatewayFixture.run { gateway in
      let id = "01920000-0000-7000-8000-00000000000"
      let body = """
        {"commandID":"\(id)1","at":"2020-01-02T03:04:05Z","actor":"user_a","kind":"createPost","postID":"\(id)a","title":"One"}
        {"commandID":"\(id)2","at":"2020-01-02T03:04:05Z","actor":"user_a","kind":"editPost","postID":"\(id)b","title":"None"}
        {"commandID":"\(id)3","at":"2020-01-02T03:04:05Z","actor":"user_a","kind":"registerUser","userID":"user_a","username":"a"}
        {"commandID":"\(id)4","at":"yesterday","actor":"user_a","kind":"publishPost","postID":"\(id)a"}
        {"commandID":"\(id)5","at":"2020-01-02T03:04:05+01:00","actor":"user_a","kind":"publishPost","postID":"\(id)a"}
        {"commandID":"\(id)6","at":"2020-01-02T03:04:05Z","actor":"user_a","kind":"publishPost","postID":"\(id)b"}
        """
      let headers = ["Content-Type": "application/x-ndjson"]
      let token = GatewayFixture.operatorToken
      let response = try await gateway.send(
        "POST",
        "/v1/admin/imports",
        body,
        token: token,
        headers
      )
      #expect(response.status == 200)
      var statuses: [Int: String] = [:]
      for line in try lines(response) {
        statuses[Int(line["index"]?.integer ?? -1)] = line["status"]?.text
      }
      #expect(
        statuses == [0: "done", 1: "failed", 2: "done", 3: "failed", 4: "done", 5: "failed"]
      )
      #expect(gateway.world.metadata("create", "ww-occurred-at") == "2020-01-02T03:04:05.000000Z")
      #expect(gateway.world.metadata("create", "ww-actor") == "user_a")
      #expect(gateway.world.metadata("publish", "ww-occurred-at") == "2020-01-02T02:04:05.000000Z")
      let again = try await gateway.send("POST", "/v1/admin/imports", body, token: token, headers)
      #expect(try lines(again).contains { $0["status"]?.text == "repeat" })
    }
  }
}
