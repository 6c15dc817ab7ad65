internal import Gateway
internal import HTTPClientDriver
internal import Testing

@Suite struct PostsRoutesTests {
  @Test func aDraftIsMadeReadEditedAndPublished() async throws {
    try await GatewayFixture.run { gateway in
      let (token, _) = try await gateway.signUp("ada")
      let made = try await gateway.send(
        "POST",
        "/v1/posts",
        #"{"title":"Ti\u0064es","body":"a\n\"b\"","tags":["sea"]}"#,
        token: token
      )
      #expect(made.status == 201)
      #expect(made.head["etag"] == "\"r0\"")
      let location = try #require(made.head["location"])
      #expect(made.head["wordweave-position"]?.hasPrefix("0192aaaa-1.") == true)
      let read = try await gateway.send("GET", location)
      #expect(read.status == 200)
      let post = try JSONReader.value(of: read.body)
      #expect(post["title"]?.text == "Tides")
      #expect(post["body"]?.text == "a\n\"b\"")
      #expect(post["createdAt"]?.text == "2023-11-14T22:13:20.000000Z")
      let same = try await gateway.send("GET", location, nil, ["If-None-Match": "W/\"r0-gzip\""])
      #expect(same.status == 304)
      #expect(same.body.isEmpty)
      let edited = try await gateway.send(
        "PATCH",
        location,
        #"{"title":"Ebb"}"#,
        token: token,
        ["If-Match": "\"r0\""]
      )
      #expect(edited.status == 200)
      #expect(edited.head["etag"] == "\"r1\"")
      let published = try await gateway.send("POST", location + "/publish", nil, token: token)
      #expect(published.status == 200)
    }
  }

  @Test func aLostRaceTellsWhatHappenedMeanwhile() async throws {
    try await GatewayFixture.run { gateway in
      let (token, _) = try await gateway.signUp("ada")
      let path = "/v1/posts/" + (try await gateway.draft(token))
      let missing = try await gateway.send("PATCH", path, #"{"title":"x"}"#, token: token)
      #expect((missing.status, missing.slug) == (428, "if-match-required"))
      _ = try await gateway.send(
        "PATCH",
        path,
        #"{"title":"x"}"#,
        token: token,
        ["If-Match": "*"]
      )
      let lost = try await gateway.send(
        "PATCH",
        path,
        #"{"title":"y"}"#,
        token: token,
        ["If-Match": "\"r0\""]
      )
      #expect((lost.status, lost.slug) == (412, "revision-conflict"))
      let problem = try JSONReader.value(of: lost.body)
      #expect(problem["currentRevision"]?.integer == 1)
      #expect(problem["yourRevision"]?.integer == 0)
      guard case .array(let changes)? = problem["changes"] else {
        Issue.record("no changes")
        return
      }
      #expect(changes.first?["change"]?.text == "PostEdited")
      let weak = try await gateway.send(
        "PATCH",
        path,
        #"{"title":"y"}"#,
        token: token,
        ["If-Match": "W/\"r1\""]
      )
      #expect(weak.status == 412)
    }
  }

  @Test func aRepeatUnderOneKeyIsTheFirstAnswer() async throws {
    try await GatewayFixture.run { gateway in
      let (token, _) = try await gateway.signUp("ada")
      let key = ["Idempotency-Key": "\"k1\""]
      let first = try await gateway.send("POST", "/v1/posts", #"{"title":"a"}"#, token: token, key)
      let again = try await gateway.send("POST", "/v1/posts", #"{"title":"a"}"#, token: token, key)
      #expect(first.status == 201)
      #expect(first.body == again.body)
      #expect(first.head["idempotency-replayed"] == nil)
      #expect(again.head["idempotency-replayed"] == "?1")
      let other = try await gateway.send("POST", "/v1/posts", #"{"title":"b"}"#, token: token, key)
      #expect((other.status, other.slug) == (422, "idempotency-key-reused"))
      let bare = try await gateway.send(
        "POST",
        "/v1/posts",
        #"{"title":"b"}"#,
        token: token,
        ["Idempotency-Key": "k1"]
      )
      #expect(bare.slug == "idempotency-key-malformed")
    }
  }

  @Test func aWalkSeesEachPostOnceAndNoOtherCursor() async throws {
    try await GatewayFixture.run { gateway in
      let (token, _) = try await gateway.signUp("ada")
      for number in 0..<5 { _ = try await gateway.draft(token, "post \(number)") }
      var path = "/v1/posts?limit=2"
      var titles: [String] = []
      var cursor = ""
      while true {
        let page = try await gateway.send("GET", path)
        #expect(page.head["link"]?.contains("rel=\"first\"") == true)
        let value = try JSONReader.value(of: page.body)
        guard case .array(let items)? = value["items"] else { break }
        titles += items.compactMap { $0["title"]?.text }
        guard let next = value["next"]?.text else { break }
        cursor = next
        path = "/v1/posts?limit=2&cursor=" + next
      }
      #expect(titles == (0..<5).map { "post \($0)" })
      let foreign = try await gateway.send("GET", "/v1/posts?tag=sea&cursor=" + cursor)
      #expect((foreign.status, foreign.slug) == (400, "cursor-invalid"))
      let mine = try await gateway.send("GET", "/v1/posts?cursor=" + cursor, token: token)
      #expect(mine.slug == "cursor-invalid")
      let over = try await gateway.send("GET", "/v1/posts?limit=101")
      #expect((over.status, over.slug) == (422, "validation"))
    }
  }

  @Test func gonePostsAndStrangeIdsHaveTheirProblems() async throws {
    try await GatewayFixture.run { gateway in
      let (token, _) = try await gateway.signUp("ada")
      let path = "/v1/posts/" + (try await gateway.draft(token))
      let deleted = try await gateway.send("DELETE", path, nil, token: token)
      #expect(deleted.status == 204)
      #expect(try await gateway.send("GET", path).slug == "gone")
      #expect(try await gateway.send("GET", "/v1/posts/42").slug == "not-found")
      let unknown = try await gateway.send(
        "GET",
        "/v1/posts/01920000-0000-7000-8000-000000000000"
      )
      #expect((unknown.status, unknown.slug) == (404, "not-found"))
      #expect(!unknown.text.contains("secret-host-name"))
    }
  }
}
