internal import Gateway
internal import HTTPClientDriver
internal import ServiceLifecycle
internal import Testing

@Suite struct ServingTests {
  @Test func readinessNamesItsChecksAndEndsWithTheDrain() async throws {
    try await GatewayFixture.run {
      $0.drainDelay = .seconds(2)
    } _: { gateway in
      let ready = try await gateway.send("GET", "/readyz")
      #expect(ready.status == 200)
      #expect(ready.text.contains("\"events\":\"pass\""))
      await gateway.group.triggerGracefulShutdown()
      while try await gateway.send("GET", "/readyz").status == 200 { await Task.yield() }
      #expect(try await gateway.send("GET", "/v1/posts").status == 200)
    }
  }

  @Test func aLogThatTakesNoAppendsIsNotReady() async throws {
    try await GatewayFixture.run {
      $0.takesAppends = { false }
    } _: { gateway in
      let ready = try await gateway.send("GET", "/readyz")
      #expect(ready.status == 503)
      #expect(ready.text.contains("\"events\":\"pass\""))
      #expect(ready.text.contains("\"appends\":\"fail\""))
    }
  }

  @Test func metricsCountByRouteAndStatus() async throws {
    try await GatewayFixture.run { gateway in
      _ = try await gateway.send("GET", "/v1/posts")
      _ = try await gateway.send("GET", "/v1/posts/not-an-id")
      _ = try await gateway.send("GET", "/nowhere")
      let text = try await gateway.send("GET", "/metrics").text
      #expect(text.contains(#"http_requests_total{route="/v1/posts",method="GET",status="200"} 1"#))
      #expect(
        text.contains(#"http_requests_total{route="/v1/posts/{id}",method="GET",status="404"} 1"#)
      )
      #expect(text.contains(#"http_requests_total{route="unmatched",method="any",status="404"} 1"#))
    }
  }

  @Test func pagesAreEscapedAndHeadHasNoBody() async throws {
    try await GatewayFixture.run { gateway in
      let (token, _) = try await gateway.signUp("ada")
      let id = try await gateway.draft(token, "<script>alert(1)</script>")
      _ = try await gateway.send("POST", "/v1/posts/\(id)/publish", nil, token: token)
      let page = try await gateway.send("GET", "/")
      #expect(page.status == 200)
      #expect(!page.text.contains("<script>"))
      #expect(page.text.contains("&lt;script&gt;"))
      #expect(try await gateway.send("GET", "/problems/gone").status == 200)
    }
  }
}
