import EventLogCore
import MessagingConformance
import MessagingCore
import MessagingInProcess
import Testing

@Suite(.timeLimit(.minutes(1))) struct FeedLawsTests {
  private static let laws = FeedLaws { InProcessFeed() }

  @Test func M04_lossRepetitionAndReorderingCostNoOrder() async throws {
    #expect(try await Self.laws.M04_lossRepetitionAndReorderingCostNoOrder() == [])
  }
  @Test func M05_aLostLastMessageHealsByTheProbe() async throws {
    #expect(try await Self.laws.M05_aLostLastMessageHealsByTheProbe() == [])
  }
  @Test func M11_aParkedStreamStopsNoOtherAndIsRedrivenInOrder() async throws {
    #expect(try await Self.laws.M11_aParkedStreamStopsNoOtherAndIsRedrivenInOrder() == [])
  }
  @Test func M10_aCrashCostsNoEventAndRepeatsNone() async throws {
    #expect(try await Self.laws.M10_aCrashCostsNoEventAndRepeatsNone() == [])
  }
  @Test func M15_afterStopNothingFollowsAndRestartGoesOn() async throws {
    #expect(try await Self.laws.M15_afterStopNothingFollowsAndRestartGoesOn() == [])
  }
  @Test func M06_publishingNeverWaitsForAConsumer() async throws {
    #expect(try await Self.laws.M06_publishingNeverWaitsForAConsumer() == [])
  }
  @Test func M09_aCheckpointOfAnotherLogIsRefused() async throws {
    #expect(try await Self.laws.M09_aCheckpointOfAnotherLogIsRefused() == [])
  }
  @Test func M01_messagesOfOneKeyArriveInOrderNoneMissing() async throws {
    #expect(try await Self.laws.M01_messagesOfOneKeyArriveInOrderNoneMissing() == [])
  }
  @Test func M07_aStoppedHandlerKeepsNoOtherBack() async throws {
    #expect(try await Self.laws.M07_aStoppedHandlerKeepsNoOtherBack() == [])
  }
  @Test func M08_whatTheRelaySkipsIsCountedAndHealsFromTheLog() async throws {
    #expect(try await Self.laws.M08_whatTheRelaySkipsIsCountedAndHealsFromTheLog() == [])
  }
  @Test func M12_attemptCountsSurviveACrash() async throws {
    #expect(try await Self.laws.M12_attemptCountsSurviveACrash() == [])
  }
  @Test func M12_atItsBoundALanePausesUntilThereIsRoom() async throws {
    #expect(try await Self.laws.M12_atItsBoundALanePausesUntilThereIsRoom() == [])
  }
  @Test func M11_eventsWithoutAStreamAreParkedAlone() async throws {
    #expect(try await Self.laws.M11_eventsWithoutAStreamAreParkedAlone() == [])
  }
}
