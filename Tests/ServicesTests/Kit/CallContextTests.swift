import EventLogCore
import GRPCCore
import ServiceKit
import Testing

@Suite struct ReadingCallMetadata {
  @Test func everythingIsReadFromItsKey() throws {
    let context = try CallContext([
      "ww-actor": "user_a", "ww-roles": "moderator,unheard-of,operator",
      "ww-correlation-id": "c", "ww-expected-revision": "7", "ww-min-position": "12",
      "ww-patience-ms": "250", "ww-idempotency-key": "k", "ww-idempotency-fingerprint": "f",
      "ww-occurred-at": "2016-03-01T10:00:00Z",
    ])
    #expect(context.caller == Caller(id: "user_a", roles: [.moderator, .operator]))
    #expect(context.correlationID == "c")
    #expect(context.expected == .exactly(StreamRevision(7)))
    #expect(context.floor == GlobalPosition(12))
    #expect(context.patience == .milliseconds(250))
    #expect(context.idempotency == CallContext.Idempotency(key: "k", fingerprint: "f"))
    #expect(context.occurredAt == Timestamp("2016-03-01T10:00:00Z"))
  }

  @Test func nothingIsNeeded() throws {
    let context = try CallContext([:])
    #expect(context.caller == Caller(id: nil))
    #expect(context.expected == .any)
    #expect(context.floor == nil)
    #expect(context.patience == CallContext.defaultPatience)
  }

  @Test func patienceHasAnEnd() throws {
    let patience = try CallContext(["ww-patience-ms": "18446744073709551615"]).patience
    #expect(patience == CallContext.longestPatience)
  }

  @Test(arguments: [
    "ww-expected-revision", "ww-min-position", "ww-patience-ms",
  ])
  func whatIsMalformedIsNamed(key: String) {
    var metadata: GRPCCore.Metadata = [:]
    metadata.addString("-1", forKey: key)
    #expect(throws: ValidationError.self) { _ = try CallContext(metadata) }
  }

  @Test func timesAreForOperators() {
    #expect(throws: CommonRejection.self) {
      _ = try CallContext(["ww-actor": "user_a", "ww-occurred-at": "2016-03-01T10:00:00Z"])
    }
  }

  @Test func valuesBecomeEventMetadataAndAreBounded() {
    let long = String(repeating: "a", count: CallContext.valueBytes + 1)
    #expect(throws: ValidationError.self) {
      _ = try CallContext(["ww-correlation-id": .string(long)])
    }
  }
}
