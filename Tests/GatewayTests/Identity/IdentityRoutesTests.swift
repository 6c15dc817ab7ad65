internal import Gateway
internal import HTTPClientDriver
internal import Synchronization
internal import Testing

@Suite struct IdentityRoutesTests {
  @Test func anAccountSignsInRefreshesAndSignsOut() async throws {
    try await GatewayFixture.run { gateway in
      let (token, answer) = try await gateway.signUp("ada")
      #expect(answer["position"]?.text == "0192aaaa-1.1")
      let me = try await gateway.send("GET", "/v1/me", nil, token: token)
      #expect(me.status == 200)
      #expect(try JSONReader.value(of: me.body)["username"]?.text == "ada")
      let wrong = try await gateway.send(
        "POST",
        "/identity/sign-ins",
        #"{"identifier":"ada","password":"wrong horse"}"#
      )
      let nobody = try await gateway.send(
        "POST",
        "/identity/sign-ins",
        #"{"identifier":"bob","password":"wrong horse"}"#
      )
      #expect((wrong.status, nobody.status) == (401, 401))
      #expect(wrong.slug == nobody.slug)
      let signed = try await gateway.send(
        "POST",
        "/identity/sign-ins",
        #"{"identifier":"ada@example.org","password":"correct horse"}"#
      )
      #expect(signed.status == 201)
      let session = try JSONReader.value(of: signed.body)["session"]
      let secret = try #require(session?["secret"]?.text)
      let path = "/identity/sessions/\(session?["id"]?.text ?? "")/tokens"
      let fresh = try await gateway.send("POST", path, nil, token: secret)
      #expect(fresh.status == 201)
      let second = try JSONReader.value(of: fresh.body)["token"]?.text
      #expect(try await gateway.send("GET", "/v1/me", nil, token: second).status == 200)
      #expect(
        try await gateway.send("POST", "/identity/sign-outs", nil, token: secret).status == 204
      )
      #expect(try await gateway.send("POST", path, nil, token: secret).status == 401)
    }
  }

  @Test func namesAreTakenOnceAndRefusalsLeaveNothingBehind() async throws {
    try await GatewayFixture.run { gateway in
      _ = try await gateway.signUp("ada")
      func signUp(_ name: String, _ mail: String, _ password: String) async throws -> String {
        try await gateway.send(
          "POST",
          "/identity/sign-ups",
          #"{"username":"\#(name)","email":"\#(mail)","password":"\#(password)"}"#
        ).slug
      }
      #expect(try await signUp("ADA", "x@example.org", "correct horse") == "already-taken")
      #expect(try await signUp("eve", "ada@example.org", "correct horse") == "already-taken")
      #expect(try await signUp("eve", "eve@example.org", "short") == "validation")
      #expect(try await signUp("eve", "no address", "correct horse") == "validation")
      // The Users Service says no: the name there is taken by somebody without an account here.
      _ = gateway.world.write { $0.users["user_z"] = .with("eve") }
      #expect(try await signUp("eve", "eve@example.org", "correct horse") == "already-taken")
      gateway.world.state.withLock { $0.users["user_z"] = nil }
      #expect(try await signUp("eve", "eve@example.org", "correct horse") == "")
    }
  }

  @Test func aRotationKeepsTokensOfThePreviousKey() async throws {
    try await GatewayFixture.run { gateway in
      let (token, _) = try await gateway.signUp("ada")
      let before = try await gateway.send("GET", "/identity/.well-known/jwks.json").text
      let rotated = try await gateway.send(
        "POST",
        "/identity/v1/keys/rotate",
        nil,
        token: GatewayFixture.operatorToken
      )
      #expect(rotated.status == 200)
      #expect(rotated.text != before)
      #expect(!rotated.text.contains("\"d\""))
      #expect(try await gateway.send("GET", "/v1/me", nil, token: token).status == 200)
      let (other, _) = try await gateway.signUp("bob")
      #expect(try await gateway.send("GET", "/v1/me", nil, token: other).status == 200)
    }
  }

  @Test func aNewPasswordEndsOtherSessionsOnly() async throws {
    try await GatewayFixture.run { gateway in
      let (token, first) = try await gateway.signUp("ada")
      let signed = try await gateway.send(
        "POST",
        "/identity/sign-ins",
        #"{"identifier":"ada","password":"correct horse"}"#
      )
      let second = try JSONReader.value(of: signed.body)
      let changed = try await gateway.send(
        "PATCH",
        "/identity/account",
        #"{"password":"another horse"}"#,
        token: token
      )
      #expect(changed.status == 200)
      func refresh(_ answer: JSONValue) async throws -> Int {
        let session = answer["session"]
        return try await gateway.send(
          "POST",
          "/identity/sessions/\(session?["id"]?.text ?? "")/tokens",
          nil,
          token: session?["secret"]?.text
        ).status
      }
      #expect(try await refresh(first) == 201)
      #expect(try await refresh(second) == 401)
    }
  }
}
