internal import Gateway
internal import Testing

@Suite struct IdempotencyKeyTests {
  @Test func aKeyIsAQuotedString() throws {
    #expect(try IdempotencyKey("\"abc\"").text == "abc")
    #expect(try IdempotencyKey(#""a\"b\\""#).text == #"a"b\"#)
    let long = String(repeating: "k", count: GatewayLimits.idempotencyKey)
    #expect(try IdempotencyKey("\"\(long)\"").text == long)
    for bad in ["abc", "\"\"", "\"", "\"a\"b\"", "\"é\"", "\"a\\\"", "\"\(long)k\""] {
      #expect(throws: Problem.self) { try IdempotencyKey(bad) }
    }
  }

  @Test func commandsDifferBySubjectAndKey() throws {
    let key = try IdempotencyKey("\"k\"")
    #expect(key.commandID(subject: "user_a").count == 16)
    #expect(key.commandID(subject: "user_a") == key.commandID(subject: "user_a"))
    #expect(key.commandID(subject: "user_a") != key.commandID(subject: "user_b"))
    #expect(
      IdempotencyKey.fingerprint(method: "POST", target: "/a", body: [1])
        != IdempotencyKey.fingerprint(method: "POST", target: "/a", body: [2])
    )
  }
}
