import EventLogCore
import GRPCCore
import Schemas
import Testing

@Suite struct ErrorMessagesTests {
  static let errors: [EventLogError] = [
    .closed, .invalid("a \"reason\"\nwith é"), .emptyAppend, .cancelled,
    .tooLarge(field: "data", eventIndex: 3, limit: 1, actual: 2),
    .tooLarge(field: "parts", eventIndex: nil, limit: 256, actual: 257),
    .conflict(stream: "s é", expected: .noStream, actual: .neverWritten),
    .conflict(
      stream: "s",
      expected: .exactly(.max),
      actual: .written(first: StreamRevision(2), last: .max)
    ),
    .conflict(stream: "s", expected: .streamExists, actual: .truncated(last: StreamRevision(7))),
    .conflict(stream: "s", expected: .any, actual: .tombstoned),
    .streamTombstoned("gone"), .conditionFailed(firstMatch: .max),
    .trackingNotIncreasing(source: "origin", stored: .max, given: 0),
    .idConflict(.make(), GlobalPosition(9)), .outcomeUnknown("the disk failed"),
    .overloaded(retryAfter: .milliseconds(1500) + .nanoseconds(7)), .locked("by process 7"),
    .notLeader(address: "10.0.0.7:50051"), .notLeader(address: nil),
    .corrupt("a checksum", at: GlobalPosition(4)), .corrupt("a checksum", at: nil),
    .logEpochChanged(head: GlobalPosition(3)), .unavailable("the store failed"),
  ]

  @Test(arguments: errors) func everyErrorComesBackAsItWas(_ error: EventLogError) throws {
    let sent = error.rpcError
    #expect(sent.code == error.status)
    #expect(EventLogError(sent) == error)
  }

  @Test func otherErrorsAreNotTakenForTheLogs() {
    #expect(EventLogError(RPCError(code: .unavailable, message: "no route")) == nil)
  }
}
