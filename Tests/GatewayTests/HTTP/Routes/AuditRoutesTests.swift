internal import Gateway
internal import HTTPClientDriver
internal import Schemas
internal import Synchronization
internal import Testing

@Suite struct AuditRoutesTests {
  private func get(
    _ gateway: GatewayFixture,
    _ path: String,
    token: String? = GatewayFixture.operatorToken
  ) async throws -> HTTPResponse {
    try await gateway.send("GET", "/v1/admin/" + path, token: token)
  }

  @Test func criteriaReachTheAuditAsTheyWereAsked() async throws {
    try await GatewayFixture.run { gateway in
      let path =
        "audit?actor=ada&stream=post-1&entity=post&type=A&type=B&tag=x%3Ay&correlation=r"
        + "&causation=c&since=2026-01-31&until=2026-02-01T00%3A00%3A00%2B01%3A00&limit=3"
        + "&direction=forwards"
      let response = try await get(gateway, path)
      #expect(response.status == 200)
      let asked = gateway.world.state.withLock { $0.audited }
      #expect(asked.limit == 3)
      #expect(asked.oldestFirst)
      let criteria = asked.criteria
      #expect((criteria.actor, criteria.stream, criteria.entity) == ("ada", "post-1", "post"))
      #expect(criteria.types == ["A", "B"])
      #expect(criteria.tags == ["x:y"])
      #expect((criteria.correlationID, criteria.causationID) == ("r", "c"))
      #expect(criteria.since == 1_769_817_600_000_000)
      #expect(criteria.until == 1_769_900_400_000_000)
      #expect(gateway.world.metadata("audit.search", "ww-actor") == "operator")
    }
  }

  @Test func pagesAreLinkedAndNameTheirPosition() async throws {
    try await GatewayFixture.run { gateway in
      let first = try await get(gateway, "audit?actor=ada")
      let page = try JSONReader.value(of: first.body)
      #expect(page["items"]?.items?.first?["position"]?.integer == 9)
      #expect(page["items"]?.items?.first?["data"]?["title"]?.text == "Tides")
      #expect(page["position"]?.integer == 11)
      #expect(page["head"]?.integer == 12)
      let cursor = try #require(page["next"]?.text)
      #expect(first.head["link"]?.contains("rel=\"next\"") == true)
      let second = try await get(gateway, "audit?actor=ada&cursor=" + cursor)
      let rest = try JSONReader.value(of: second.body)
      #expect(rest["items"]?.items?.first?["position"]?.integer == 8)
      #expect(rest["next"]?.isNull == true)
      // A cursor is good for its own question alone.
      let foreign = try await get(gateway, "audit?actor=bob&cursor=" + cursor)
      #expect(foreign.slug == "cursor-invalid")
    }
  }

  @Test func placesArePositionsRevisionsOrTimes() async throws {
    try await GatewayFixture.run { gateway in
      for (at, moment) in [
        ("?at=12", "position(12)"), ("?at=%403", "revision(3)"),
        ("?at=1970-01-02", "time(86400000000)"), ("", "now"),
      ] {
        let response = try await get(gateway, "streams/%24%24odd%2Fname/state" + at)
        let state = try JSONReader.value(of: response.body)["state"]
        #expect(state?["title"]?.text == "$$odd/name \(moment)")
      }
      for bad in ["x", "@", "@x", "-1", "2026-13-01", "2026-01-01T00:00:00"] {
        let response = try await get(gateway, "streams/s/state?at=" + QueryText.encoded(bad))
        #expect(response.status == 422, "\(bad)")
        #expect(response.slug == "validation", "\(bad)")
      }
      #expect(try await get(gateway, "streams/s/differences?to=1").status == 422)
    }
  }

  @Test func changesAndDifferencesShowWhoDidIt() async throws {
    try await GatewayFixture.run { gateway in
      let differences = try JSONReader.value(
        of: try await get(gateway, "streams/s/differences?from=1").body
      )
      let difference = differences["items"]?.items?.first
      #expect(difference?["before"]?.isNull == true)
      #expect(difference?["after"]?.text == "Waves")
      #expect(difference?["changedBy"]?["actor"]?.text == "user_ada")
      #expect(differences["opaqueEvents"]?.integer == 5)
      let changes = try JSONReader.value(
        of: try await get(gateway, "streams/s/fields/profile.display_name").body
      )
      let change = changes["items"]?.items?.first
      #expect(change?["field"]?.text == "profile.display_name")
      #expect(change?["before"]?.text == "Tides")
      #expect(change?["actor"]?.text == "user_ada")
      #expect(changes["opaqueEvents"]?.integer == 6)
      let trace = try JSONReader.value(of: try await get(gateway, "events/7/causes").body)
      #expect(trace["items"]?.items?.first?["cause"]?.isNull == true)
      let whole = try await get(gateway, "events/7/causes?whole=true")
      #expect(try JSONReader.value(of: whole.body)["event"]?.integer == 1)
    }
  }

  @Test func refusalsSayWhatIsWrong() async throws {
    try await GatewayFixture.run { gateway in
      let unknown = try await get(gateway, "events/404/causes")
      #expect(unknown.status == 404)
      let problem = try JSONReader.value(of: unknown.body)
      #expect(problem["detail"]?.text == "there is no event at position 404")
      #expect(try await get(gateway, "events/x/causes").status == 404)
      #expect(try await get(gateway, "events/1/causes?whole=maybe").status == 422)
      let many = try await get(gateway, "audit?actor=too%20many")
      #expect(many.status == 422)
      #expect(try JSONReader.value(of: many.body)["detail"]?.text?.contains("at most 64") == true)
      #expect(try await get(gateway, "audit?since=yesterday").status == 422)
      #expect(try await get(gateway, "audit?limit=101").status == 422)
      #expect(try await get(gateway, "audit?cursor=x").slug == "cursor-invalid")
      #expect(try await get(gateway, "audit/export?format=xml").status == 422)
      // Refused before the file begins.
      let export = try await get(gateway, "audit/export?actor=too%20many")
      #expect(export.slug == "validation")
    }
  }

  @Test func parametersThatNobodyReadsAreRefused() async throws {
    try await GatewayFixture.run { gateway in
      for path in [
        "audit?from=2026-01-31", "audit?actor=ada&Since=2026-01-31", "audit/export?limit=1",
        "events/7/causes?hole=true", "streams/s/state?from=1", "streams/s/differences?from=1&at=2",
        "streams/s/fields/title?at=1",
      ] {
        let response = try await get(gateway, path)
        #expect(response.status == 422, "\(path)")
        #expect(response.slug == "unknown-member", "\(path)")
      }
      let problem = try await get(gateway, "audit?from=1").body
      #expect(String(decoding: problem, as: UTF8.self).contains("from"))
    }
  }

  @Test func exportsAreFilesOfTheirType() async throws {
    try await GatewayFixture.run { gateway in
      let lines = try await get(gateway, "audit/export")
      #expect(lines.head["content-type"] == "application/x-ndjson")
      #expect(lines.head["content-disposition"]?.contains("audit-11.ndjson") == true)
      #expect(lines.body.count { $0 == 0x0A } == 200)
      let table = try await get(gateway, "audit/export?format=csv")
      #expect(table.head["content-type"] == "text/csv; charset=utf-8; header=present")
      #expect(String(decoding: table.body, as: UTF8.self).hasSuffix("200,x\r\n"))
    }
  }

  @Test func anExportThatFailsIsNoWholeFile() async throws {
    try await GatewayFixture.run { gateway in
      let error = await #expect(throws: HTTPClientError.self) {
        _ = try await get(gateway, "audit/export?actor=breaks")
      }
      #expect(error?.message.contains("secret") == false)
    }
  }

  /// What is read and recorded: the file of the audit and that of the log.
  private static let exports = ["audit/export", "log/export"]

  /// The token of an account that administers.
  private func administrator(
    of gateway: GatewayFixture,
    isSuspended: Bool = false
  ) async throws -> String {
    let token = try await gateway.signUp("ada").token
    gateway.world.state.withLock { state in
      for id in Array(state.users.keys) {
        state.users[id]?.roles = ["administrator"]
        state.users[id]?.suspended = isSuspended
      }
    }
    return token
  }

  @Test func aSuspendedAdministratorAdministersNothing() async throws {
    try await GatewayFixture.run { gateway in
      let token = try await administrator(of: gateway, isSuspended: true)
      for path in Self.exports + ["audit", "events"] {
        let refused = try await get(gateway, path, token: token)
        #expect((refused.status, refused.slug) == (403, "account-suspended"), "\(path)")
      }
      #expect(gateway.world.metadata("audit.search", "ww-actor") == nil)
      // As everybody reads, it does.
      let posts = try await gateway.send("GET", "/v1/posts", token: token)
      #expect(posts.status == 200)
    }
  }

  /// A link from anywhere brings the cookie along, and would export in its bearer's name.
  @Test func aCookieExportsForAnOriginFromTheListAlone() async throws {
    try await GatewayFixture.run { gateway in
      let token = try await administrator(of: gateway)
      let cookie = ["Cookie": "__session=" + token]
      let foreign = cookie.merging(["Origin": "https://elsewhere.example"]) { $1 }
      for path in Self.exports {
        for headers in [cookie, foreign] {
          let refused = try await gateway.send("GET", "/v1/admin/" + path, nil, headers)
          #expect((refused.status, refused.slug) == (403, "csrf"), "\(path)")
        }
        let head = try await gateway.send("HEAD", "/v1/admin/" + path, nil, cookie)
        #expect(head.status == 403, "\(path)")
      }
      // The export of the audit asks once before it begins.
      #expect(gateway.world.metadata("audit.search", "ww-actor") == nil)
      let listed = cookie.merging(["Origin": "https://app.example"]) { $1 }
      let export = try await gateway.send("GET", "/v1/admin/audit/export", nil, listed)
      #expect(export.status == 200)
      // What is not recorded is read as before.
      let page = try await gateway.send("GET", "/v1/admin/audit", nil, cookie)
      #expect(page.status == 200)
    }
  }

  @Test func othersAreTurnedAway() async throws {
    try await GatewayFixture.run { gateway in
      let somebody = try await gateway.signUp("ada").token
      for path in [
        "audit", "audit/export", "events/7/causes", "streams/s/state", "streams/s/differences",
        "streams/s/fields/title",
      ] {
        #expect(try await get(gateway, path, token: nil).status == 401, "\(path)")
        #expect(try await get(gateway, path, token: somebody).status == 403, "\(path)")
      }
    }
  }
}
