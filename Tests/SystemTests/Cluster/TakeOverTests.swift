import EventLogCore
import EventLogRemote
import Testing

@testable import WordWeave

extension ClusterSystem {
  /// Two Event Services on one Postgres, the leading one of which is killed or stopped under load.
  @Suite(.enabled(if: SharedDatabase.isThere, SharedDatabase.comment))
  struct TakeOverTests {
    private static let rounds = environment("WORDWEAVE_LONG") == nil ? 3 : 20
    /// Within this time appends work again after a leader was killed.
    private static let takeOver = Duration.seconds(5)

    @Test(.timeLimit(.minutes(10)))
    func aKilledLeaderIsReplacedInFiveSecondsAndNothingIsLost() async throws {
      let database = SharedDatabase()
      defer { database.drop() }
      let nodes = [try await Node(database), try await Node(database)]
      let load = Load(at: nodes.map(\.client))
      try await load.run(writers: 6) {
        for round in 0..<Self.rounds {
          let known = load.answers.count
          let leader = try await eventually("one of them leads") {
            let address = try database.leaderAddress()
            return nodes.first { $0.address == address }
          }
          try await eventually("the writers get going") {
            load.answers.count >= known + 120 ? () : nil
          }
          try await Task.sleep(for: .milliseconds(Int.random(in: 0...200)))
          let killed = ContinuousClock.now
          try await leader.served.crash()
          let first = try await eventually("the other one takes over") {
            load.answers.first { $0.begun > killed }
          }
          let spent = first.answered - killed
          print("take-over \(round): \(spent)")
          #expect(spent < Self.takeOver)
          try await leader.served.restart()
        }
      }
      for node in nodes {
        // A connection that was lost is tried again after a while.
        _ = try await eventually("it is reached again") { try? await node.client.head() }
        try await load.check(node.client)
      }
      // The standby's appends were passed on, not only those of the leader.
      #expect(load.answers.count > 120 * Self.rounds)
      for node in nodes { #expect(try await node.stop() == 0) }
    }

    @Test(.timeLimit(.minutes(5))) func aStoppedLeaderThatWakesUpCannotWrite() async throws {
      let database = SharedDatabase()
      defer { database.drop() }
      let stopped = try await Node(database, patience: .seconds(30))
      let other = try await Node(database)
      let load = Load(at: [stopped.client, other.client])
      let late = (0..<8).map { number in
        AppendRequest(to: StreamName("late-\(number)"), [NewEvent(id: .make(), type: "Late")])
      }
      try await load.run(writers: 4) {
        try await eventually("both are written to") { load.answers.count >= 100 ? () : nil }
        #expect(try database.leaderAddress() == stopped.address)
        stopped.pause()
        // What the stopped one is sent meanwhile it finds when it wakes up.
        let waiting = Task {
          await withTaskGroup(of: Bool.self) { group in
            for request in late {
              group.addTask { (try? await stopped.client.append(request)) != nil }
            }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
          }
        }
        let paused = ContinuousClock.now
        let first = try await eventually("the other one takes over") {
          load.answers.first { $0.begun > paused }
        }
        print("take-over from a stopped leader: \(first.answered - paused)")
        #expect(try database.leaderAddress() == other.address)
        stopped.resume()
        let answered = await waiting.value
        print("answered to late requests: \(answered) of \(late.count)")
        let known = load.answers.count
        try await eventually("both go on") { load.answers.count >= known + 100 ? () : nil }
        // It led no more, and its own appends are passed on.
        #expect(try database.leaderAddress() == other.address)
        let again = AppendRequest(to: "again", [NewEvent(id: .make(), type: "Late")])
        #expect(try await stopped.client.append(again).parts.first?.firstRevision == .first)
        #expect(try await other.client.append(again).isRepeat)
      }
      // Sent again with the same ids, each is told what became of it, and is there once.
      for request in late {
        _ = try await other.client.append(request)
        #expect(try await stopped.client.append(request).isRepeat)
      }
      let others = late.flatMap { request in
        request.parts.flatMap { $0.events.compactMap { $0.id } }
      }
      let page = try await other.client.read("again", from: .first, direction: .forward, limit: 9)
      try await load.check(
        other.client,
        besides: Set(others).union(page.events.map(\.id))
      )
      #expect(try await stopped.stop() == 0)
      #expect(try await other.stop() == 0)
    }
  }
}
