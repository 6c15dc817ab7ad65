import EventLogCore
import MessagingConformance
import MessagingCore
import Testing

@Suite struct LaneTransactionsTests {
  private static let log = LogIdentity(id: EventID(high: 1, low: 1), epoch: 1)

  @Test func M09_afterAClaimNoCommitUnderAnOlderFenceSucceeds() throws {
    let handler = RecordingHandler(categories: ["post"])
    let lane = LaneID(handler: handler.id, partition: Partition.of("post-1"))
    let store = handler.store
    let log = Self.log
    let mine = try #require(try store.run { try $0.claim(lane, for: log) }).checkpoint
    let its = try #require(try store.run { try $0.claim(lane, for: log) }).checkpoint
    #expect(its.fence == mine.fence + 1)

    let event = ModelEvents.event(at: GlobalPosition(1), in: "post-1")
    func batch(_ base: Checkpoint) -> LaneBatch {
      LaneBatch(
        events: [LaneEvent(category: "post", event: event, isWanted: true, isParked: false)],
        delay: .zero,
        base: base,
        through: nil,
        isFromLog: false,
        categories: ["post"]
      )
    }
    let commits = store.commits
    #expect(throws: Fenced.self) {
      _ = try store.run { try handler.apply(batch(mine), of: lane, in: &$0).count }
    }
    #expect(throws: Fenced.self) {
      try store.run { try $0.checkFence(mine.fence, of: lane) }
    }
    #expect(store.commits == commits)
    #expect(store.effects.isEmpty)
    #expect(try store.run { try handler.apply(batch(its), of: lane, in: &$0).count } == 1)
    #expect(store.effects["post-1"] == [GlobalPosition(1)])
  }
}
