import EventLogCore
import EventLogInMemory
import MessagingConformance
import MessagingCore
import MessagingInProcess
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct HandlerRunnerTests {
  /// Fills a handler that is `count` events behind; answers the heads that bulk was asked for.
  private func heads(behind count: UInt64) async throws -> [GlobalPosition] {
    let harness = FeedHarness(InProcessFeed())
    let handler = RecordingHandler(categories: ["post"])
    let asked = Asked()
    let runner = harness.runner(handler) { head in
      asked.heads.withLock { $0.append(head) }
      let page = EventLogLimits.pageEvents
      var after = GlobalPosition.start
      while after < head {
        let events = try await harness.log.readAll(after: after, limit: page)
        try await handler.store.transact { transaction in
          for event in events.events where event.position <= head { transaction.record(event) }
        }
        after = events.scannedTo
      }
      try await handler.store.transact { [log = harness.log.identity] transaction in
        for partition in 0..<MessagingLimits.partitions {
          let lane = LaneID(handler: handler.id, partition: partition)
          try transaction.put(Checkpoint(log: log, floor: head), of: lane)
        }
      }
    }
    var left = Int(count)
    while left > 0 {
      let part = (0..<min(left, 500)).map { "post-\($0 % 40)" }
      try await harness.append(part)
      left -= part.count
    }
    try await harness.running([runner]) {
      try await harness.reached(GlobalPosition(count), by: handler)
      // Live events follow what was filled in bulk.
      try await harness.reached(try await harness.append(["post-1", "post-2"]), by: handler)
    }
    #expect(try await harness.findings(of: handler) == [])
    return asked.heads.withLock { $0 }
  }

  @Test func aHandlerFarBehindIsFilledInBulkAndGoesOnFromThere() async throws {
    let behind = MessagingLimits.bulkDistance + 1
    #expect(try await heads(behind: behind) == [GlobalPosition(behind)])
  }

  @Test func aHandlerNearTheHeadReadsTheLogByItself() async throws {
    #expect(try await heads(behind: MessagingLimits.bulkDistance) == [])
  }
}

private final class Asked: Sendable {
  let heads = Mutex<[GlobalPosition]>([])
}
