import EventLogCore
import EventLogRemote
import Gateway
import Synchronization
import Testing

@testable import WordWeave

extension WholeSystem {
  /// The Event Service killed again and again, under those who write and those who follow.
  @Suite(.serialized) struct KilledServiceTests {
    private static let writers = 8
    private static let rounds = 30
    private static let kills = 3

    @Test func writersAndFollowersLiveThroughKillsWithoutLossOrRepeat() async throws {
      let scratch = try Scratch()
      let port = "\(try FreePort.find())"
      let served = try await Served(
        in: scratch,
        options: ["--only", "events", "--grpc-port", port]
      )
      let remote = try await RemoteEventLog.connect(try EventServiceTests.settings(of: served))
      let store = EventStore(remote)
      let total = Self.writers * Self.rounds * 2
      let seen = Mutex<[RecordedEvent]>([])
      let follower = Task {
        for try await message in store.subscribe(from: .beginning) {
          guard case .events(let page) = message else { continue }
          let count = seen.withLock { seen in
            seen += page.events
            return seen.count
          }
          if count >= total { return }
        }
      }
      let writing = (0..<Self.writers).map { writer in
        Task { () -> [(AppendRequest, AppendReceipt)] in
          var written: [(AppendRequest, AppendReceipt)] = []
          for _ in 0..<Self.rounds {
            let events = (0..<2).map { _ in NewEvent(id: .make(), type: "Happened") }
            let request = AppendRequest(to: StreamName("w\(writer)"), events)
            written.append((request, try await remote.append(request)))
          }
          return written
        }
      }
      // Each kill comes when a quarter more was written than at the one before.
      for kill in 1...Self.kills {
        try await eventually("the log has grown") {
          seen.withLock { $0.count } >= total * kill / (Self.kills + 1) ? () : nil
        }
        try await served.crash()
        try await served.restart()
      }
      var written: [(AppendRequest, AppendReceipt)] = []
      for writer in writing { written += try await writer.value }
      try await follower.value

      let events = seen.withLock { $0 }
      #expect(events.map(\.position.number) == Array(1...UInt64(total)))
      #expect(Set(events.map(\.id)).count == total)
      // What was answered is where the answer said, in the order in which it was written.
      let positions = Dictionary(uniqueKeysWithValues: events.map { ($0.id, $0.position) })
      for (request, receipt) in written {
        let ids = request.parts[0].events.compactMap(\.id)
        #expect(ids.compactMap { positions[$0] } == receipt.parts[0].positions)
      }
      for (request, receipt) in written.suffix(10) {
        let again = try await remote.append(request)
        #expect(again == AppendReceipt(parts: receipt.parts, isRepeat: true))
      }
      await remote.close()
      #expect(try await served.stop() == 0)
    }
  }
}
