import EventLogCore
import EventLogRemote
import Testing

@testable import WordWeave

extension ClusterSystem {
  /// An Event Service whose Postgres goes away, or takes no writes, in the middle of a batch.
  @Suite(.enabled(if: SharedDatabase.isThere, SharedDatabase.comment))
  struct BrokenDatabaseTests {
    @Test(.timeLimit(.minutes(5))) func aDatabaseThatFailsLosesNothingAndStopsNobody() async throws
    {
      let scratch = try Scratch()
      let postgres = try await PrivatePostgres(in: scratch)
      let database = SharedDatabase(on: postgres.url)
      let node = try await Node(database)
      let process = node.served.child.pid
      let load = Load(at: [node.client], events: 50)
      try await load.run(writers: 4) {
        try await goesOn(load)

        let restarted = ContinuousClock.now
        try await postgres.restart()
        try await goesOn(load)
        print("appends after a restart of Postgres: \(ContinuousClock.now - restarted)")

        let before = load.failures.count
        try database.run("ALTER SYSTEM SET default_transaction_read_only = on")
        try database.run("SELECT pg_reload_conf()")
        try await eventually("the writers are told") {
          load.failures.count >= before + 4 ? () : nil
        }
        // Reads go on, and the health says that appends do not.
        #expect(try await node.client.readAll(after: nil).events.count > 0)
        try database.run("ALTER SYSTEM RESET default_transaction_read_only")
        try database.run("SELECT pg_reload_conf()")
        try await goesOn(load)
      }
      // Every failure left it open, or said that nothing was written: `Load` takes no other.
      #expect(!load.failures.isEmpty)
      #expect(node.served.child.pid == process && node.served.child.poll() == nil)
      try await load.check(node.client)
      #expect(try await node.stop() == 0)
    }

    private func goesOn(_ load: Load) async throws {
      let known = load.answers.count
      try await eventually("appends work") { load.answers.count >= known + 500 ? () : nil }
    }
  }
}
