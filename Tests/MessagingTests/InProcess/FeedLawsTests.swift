import EventLogCore
import MessagingConformance
import MessagingCore
import MessagingInProcess
import Testing

@Suite(.timeLimit(.minutes(1))) struct FeedLawsTests {
  private static let laws = FeedLaws { InProcessFeed() }

  @Test func lossRepetitionAndReorderingCostLatencyOnly() async throws {
    #expect(try await Self.laws.lossRepetitionAndReorderingCostLatencyOnly() == [])
  }
  @Test func aLostLastMessageHealsByTheProbe() async throws {
    #expect(try await Self.laws.aLostLastMessageHealsByTheProbe() == [])
  }
  @Test func aParkedStreamStopsNoOtherAndIsRedrivenInOrder() async throws {
    #expect(try await Self.laws.aParkedStreamStopsNoOtherAndIsRedrivenInOrder() == [])
  }
  @Test func aCrashCostsNoEventAndRepeatsNone() async throws {
    #expect(try await Self.laws.aCrashCostsNoEventAndRepeatsNone() == [])
  }
  @Test func afterStopNothingFollowsAndRestartGoesOn() async throws {
    #expect(try await Self.laws.afterStopNothingFollowsAndRestartGoesOn() == [])
  }
  @Test func publishingNeverWaitsForAConsumer() async throws {
    #expect(try await Self.laws.publishingNeverWaitsForAConsumer() == [])
  }
  @Test func aCheckpointOfAnotherLogIsRefused() async throws {
    #expect(try await Self.laws.aCheckpointOfAnotherLogIsRefused() == [])
  }
}
