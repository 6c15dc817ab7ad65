import EventLogCore
import EventLogPostgres
import EventLogRemote
import Testing

@Suite(.enabled(if: Server.postgres.isAvailable))
struct ForwardingEventLogTests {
  @Test func L24_whatWasPassedOnIsVisibleWhereItIsAnswered() async throws {
    try await Member.pair { _, leader, standby in
      for number in 0..<50 {
        let request = AppendRequest.marked(number, to: "s")
        let receipt = try await standby.engine.append(request)
        #expect(receipt.lastPosition == GlobalPosition(UInt64(number) + 1))
        #expect(try await standby.engine.head() >= receipt.lastPosition)
        let page = try await standby.engine.read(
          "s",
          from: StreamRevision(UInt64(number)),
          direction: .forward,
          limit: 1
        )
        #expect(page.events.first?.position == receipt.lastPosition)
        #expect(try await standby.engine.append(request).isRepeat)
      }
      #expect(leader.log.isLeading && !standby.log.isLeading)
      #expect(try await leader.engine.head() == GlobalPosition(50))
    }
  }

  @Test func aRefusalRestsOnWhatTheCallerCanSee() async throws {
    try await Member.pair { _, leader, standby in
      for number in 0..<30 {
        _ = try await leader.engine.append(.marked(number, to: "s"))
        // Decided from what the standby knows, which may be old.
        let stale = AppendRequest(
          to: "s",
          expecting: .noStream,
          [NewEvent(id: .make(), type: "Stale")]
        )
        await #expect(throws: EventLogError.self) { try await standby.engine.append(stale) }
        let page = try await standby.engine.read(
          "s",
          from: .max,
          direction: .backward,
          limit: 1
        )
        #expect(page.events.first?.revision == StreamRevision(UInt64(number)))
      }
    }
  }

  @Test func theLogsOwnEventsArePassedOnToo() async throws {
    try await Member.pair { _, _, standby in
      for number in 0..<3 { _ = try await standby.engine.append(.marked(number, to: "s")) }
      var note = AppendRequest([
        StreamAppend(to: "s", []),
        StreamAppend(to: StreamName("s").control, [NewEvent(type: "$metadata")]),
      ])
      note.isReserved = true
      _ = try await standby.engine.append(note)
      _ = try await standby.engine.append(.truncating("s", before: StreamRevision(2)))
      let page = try await standby.engine.read("s", from: .first, direction: .forward, limit: 9)
      #expect(page.events.map(\.revision) == [StreamRevision(2)])
      _ = try await standby.engine.append(.tombstoning("s"))
      await #expect(throws: EventLogError.streamTombstoned("s")) {
        try await standby.engine.append(.marked(4, to: "s"))
      }
    }
  }

  @Test func idsThatAreFreeStayFree() async throws {
    try await Member.pair { _, _, standby in
      let id = EventID.make()
      for _ in 0..<3 {
        var request = AppendRequest(to: nil, [NewEvent(id: id, type: "Again")])
        request.ids = .free
        _ = try await standby.engine.append(request)
      }
      #expect(try await standby.engine.head() == GlobalPosition(3))
    }
  }

  @Test func anExportIsWrittenThroughAStandby() async throws {
    try await PostgresTest.withSchema { source in
      let from = try await source.open()
      for number in 0..<20 { _ = try await from.append(.marked(number, to: "s")) }
      let events = try await from.readAll(after: nil).events
      await from.close()
      try await Member.pair { _, _, standby in
        try await standby.engine.restore(events)
        #expect(try await standby.engine.readAll(after: nil).events == events)
      }
    }
  }

  /// Requests run through the standby while the leader goes: each is answered, and written once.
  @Test func L21_aLeaderThatLeavesLosesNoRequest() async throws {
    try await Member.pair { _, leader, standby in
      let requests = try await withThrowingTaskGroup(of: [AppendRequest].self) { group in
        for writer in 0..<4 {
          group.addTask {
            var sent: [AppendRequest] = []
            for number in 0..<60 {
              let request = AppendRequest.marked(number, to: "w\(writer)")
              _ = try await standby.engine.append(request)
              sent.append(request)
            }
            return sent
          }
        }
        group.addTask {
          try await until("some are written") { try await standby.log.head().number > 40 }
          await leader.leave()
          return []
        }
        return try await group.reduce(into: []) { $0 += $1 }
      }
      #expect(standby.log.isLeading)
      #expect(requests.count == 240)
      #expect(try await standby.engine.head() == GlobalPosition(240))
      for request in requests { #expect(try await standby.engine.append(request).isRepeat) }
      try await standby.log.verify()
    }
  }

  @Test func withoutALeaderNothingHangs() async throws {
    try await Member.pair(patience: .milliseconds(300)) { test, leader, standby in
      // Somebody leads whom nobody reaches.
      try test.run(
        """
        UPDATE log_head SET leader_epoch = leader_epoch + 1, holder = 'gone', secret = 'x',
          address = '127.0.0.1:1', lease_until = clock_timestamp() + interval '1 hour'
        """
      )
      try await until("both know it") {
        [leader, standby].allSatisfy { $0.log.leadership.leader?.address == "127.0.0.1:1" }
      }
      for member in [leader, standby] {
        let error = await refusal { () throws(EventLogError) in
          _ = try await member.engine.append(.marked(1, to: "s"))
        }
        // Whether the connection was refused or lost is not always known.
        switch error {
        case .notLeader(address: "127.0.0.1:1"), .outcomeUnknown: break
        default: Issue.record("found \(String(describing: error))")
        }
      }
      try test.run("UPDATE log_head SET lease_until = to_timestamp(0)")
      try await until("one of them leads again") {
        leader.log.isLeading || standby.log.isLeading
      }
      for member in [leader, standby] {
        let request = AppendRequest.marked(2, to: "s")
        try await until("appends work again") {
          (try? await member.engine.append(request)) != nil
        }
      }
      #expect(try await standby.engine.head() == GlobalPosition(2))
    }
  }

  @Test func aClientFollowsToTheLeader() async throws {
    try await Member.pair(passesOn: false) { _, leader, standby in
      let remote = try await RemoteEventLog.connect(
        RemoteSettings(host: "127.0.0.1", port: standby.server.port, token: "client")
      )
      for number in 0..<10 {
        let request = AppendRequest.marked(number, to: "s")
        let receipt = try await remote.append(request)
        // It reads where it is connected, and sees there what the leader answered.
        #expect(try await remote.head() >= receipt.lastPosition)
        #expect(try await remote.append(request).isRepeat)
      }
      _ = try await remote.append(.truncating("s", before: StreamRevision(9)))
      let page = try await remote.read("s", from: .first, direction: .forward, limit: 20)
      #expect(page.events.map(\.revision) == [StreamRevision(9)])
      #expect(leader.log.isLeading)
      await remote.close()
    }
  }

  private func refusal(
    _ body: () async throws(EventLogError) -> Void
  ) async -> EventLogError? {
    do throws(EventLogError) {
      try await body()
      return nil
    } catch {
      return error
    }
  }
}
