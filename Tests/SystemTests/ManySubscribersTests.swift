import EventLogCore
import EventLogRemote
import Gateway
import Testing

@testable import WordWeave

extension WholeSystem {
  /// Thousands of subscribers of one process: idle ones cost little, and none misses anything.
  @Suite(.serialized) struct ManySubscribersTests {
    private static let isLong = environment("WORDWEAVE_LONG") == "1"
    private static let idle = isLong ? 10_000 : 1000
    private static let active = isLong ? 1000 : 100
    private static let appends = isLong ? 100 : 10
    private static let eventsPerAppend = 10
    /// Memory of one idle subscription: its call, its buffers, its tasks; about 55 KiB unoptimised.
    private static let bytesPerIdle = 80 << 10
    private static let patience = Duration.seconds(isLong ? 600 : 60)

    /// Lets so many subscribers come, some at a time: thousands at once keep the event loops of this
    /// process, unoptimised, from answering pings for longer than a server waits.
    private static func gather(_ crowd: Crowd, _ count: Int, tag: String? = nil) async throws {
      for there in stride(from: 0, to: count, by: 500) {
        let next = min(count, there + 500)
        try crowd.add(next - there, tag: tag)
        try await eventually("\(next) subscribers are live", within: patience) {
          try crowd.live(next)
        }
      }
    }

    @Test func idleAndActiveSubscribersOfOneProcess() async throws {
      let scratch = try Scratch()
      let served = try await Served(in: scratch, options: ["--only", "events"])
      let settings = try EventServiceTests.settings(of: served)
      let remote = try await RemoteEventLog.connect(settings)
      let token = served.operatorToken
      let pid = served.child.pid

      // What the first calls need once is no subscriber's.
      let first = Crowd(port: settings.port, token: token)
      try await Self.gather(first, 10)
      let before = try Resources(of: pid)
      let idle = Crowd(port: settings.port, token: token)
      try await Self.gather(idle, Self.idle, tag: "rare")
      let after = try Resources(of: pid)
      let bytes = (after.residentBytes - before.residentBytes) / Self.idle
      #expect(bytes < Self.bytesPerIdle, "\(bytes) bytes for each idle subscriber")

      // While nothing happens, nothing is done for them: they wait together.
      let begin = ContinuousClock.now
      try await eventually("two seconds are over") {
        ContinuousClock.now - begin >= .seconds(2) ? () : nil
      }
      let rested = try Resources(of: pid)
      let share = (rested.processorTime - after.processorTime) / (ContinuousClock.now - begin)
      #expect(share < 0.25, "\(share) of a processor for subscribers that wait")

      let active = Crowd(port: settings.port, token: token)
      try await Self.gather(active, Self.active)
      let started = ContinuousClock.now
      for number in 0..<Self.appends {
        // The last bears what the idle wait for.
        let tags: [EventLogCore.Tag] = number == Self.appends - 1 ? ["rare"] : []
        let events = (0..<Self.eventsPerAppend).map { _ in
          NewEvent(type: "Happened", data: [UInt8](repeating: 7, count: 128), tags: tags)
        }
        _ = try await remote.append(AppendRequest(to: "s", events))
      }
      let total = Self.appends * Self.eventsPerAppend
      try await eventually("everyone has seen everything", within: Self.patience) {
        try idle.complain()
        try active.complain()
        return active.haveReceived(total) && idle.haveReceived(Self.eventsPerAppend) ? () : nil
      }
      let took = ContinuousClock.now - started
      let all = (1...total).map { UInt64($0) }
      #expect(active.positions.allSatisfy { $0 == all })
      #expect(idle.positions.allSatisfy { $0 == all.suffix(Self.eventsPerAppend) })
      let end = try Resources(of: pid)
      let grown = end.residentBytes - before.residentBytes
      let bound = (Self.idle + Self.active) * 2 * Self.bytesPerIdle
      #expect(grown < bound, "\(grown) bytes for all of them")
      print(
        """
        \(Self.idle) idle, \(Self.active) active: \(bytes) bytes each idle, \(grown >> 20) MiB in all, \
        \(share) of a processor while idle, \(total) events to all in \(took)
        """
      )
      for crowd in [first, idle, active] { await crowd.leave() }
      await remote.close()
      #expect(try await served.stop() == 0)
    }
  }
}
