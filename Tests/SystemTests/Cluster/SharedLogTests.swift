import EventLogCore
import EventLogRemote
import Gateway
import HTTPClientDriver
import PostgresDriver
import Testing

@testable import WordWeave

extension ClusterSystem {
  /// The whole system on a log that lies elsewhere.
  @Suite(.enabled(if: SharedDatabase.isThere, SharedDatabase.comment))
  struct SharedLogTests {
    @Test(.timeLimit(.minutes(3))) func theWholeSystemRunsOnPostgres() async throws {
      let database = SharedDatabase()
      defer { database.drop() }
      let scratch = try Scratch()
      let system = try await Served(in: scratch, options: ["--log", database.log])
      let author = try await Person("ada", at: system)
      let post = try await author.draft("Tides")
      #expect(try await system.json("/v1/admin/log")["engine"]?.text == "postgres")
      let head = try await system.head()
      #expect(head >= 2)
      try await system.crash()
      try await system.restart()
      #expect(try await system.head() == head)
      #expect(try await author.send("GET", "/v1/posts/" + post).json()["title"]?.text == "Tides")
      #expect(try await author.send("POST", "/v1/posts/" + post + "/publish", "").status < 300)
      #expect(try await system.stop() == 0)

      // Stopped, its directory knows where its log is. Who only looks leaves the log to others.
      let epoch = try database.leaderEpoch()
      let stats = try await wordweave(
        "events",
        "stats",
        "--data",
        system.data,
        "--json",
        in: scratch
      )
      #expect(stats.code == 0, "\(stats.complaints)")
      #expect(try stats.json()["head"]?.integer == head + 1)
      let verified = try await wordweave("events", "verify", "--data", system.data, in: scratch)
      #expect(verified.code == 0, "\(verified.complaints)")
      let searched = try await wordweave("audit", "search", "--data", system.data, in: scratch)
      #expect(searched.code == 0, "\(searched.complaints)")
      #expect(try database.leaderEpoch() == epoch)
      // What an operator does is an event, so it leads meanwhile.
      let exported = try await wordweave(
        "audit",
        "export",
        "--output",
        scratch.path + "/audit",
        "--data",
        system.data,
        in: scratch
      )
      #expect(exported.code == 0, "\(exported.complaints)")
      #expect(try database.run("SELECT head FROM log_head").integer(0, 0) == head + 2)

      // Who only looks makes no log of a name that was mistyped.
      let other = SharedDatabase()
      defer { other.drop() }
      let mistyped = try await wordweave("events", "verify", "--log", other.log, in: scratch)
      #expect(mistyped.code == 69)
      #expect(mistyped.complaints.contains("there is no log in schema \(other.schema)"))

      // And takes no other for it.
      let refused = try await wordweave(
        "serve",
        "--data",
        system.data,
        "--log",
        other.log,
        "--port",
        "0",
        "--grpc-port",
        "0",
        in: scratch
      )
      #expect(refused.code == 69)
      #expect(refused.complaints.contains("belongs to log"))
    }

    @Test(.timeLimit(.minutes(3))) func theWholeSystemRunsOnAnotherProcessesLog() async throws {
      let database = SharedDatabase()
      defer { database.drop() }
      // Two Event Services; the system is a client of the one that passes on.
      let leader = try await Node(database)
      let standby = try await Node(database)
      let scratch = try Scratch()
      let system = try await Served(
        in: scratch,
        options: [
          "--log", "grpc://" + standby.address, "--log-token-file",
          standby.served.data + "/operator-token",
        ]
      )
      let author = try await Person("ada", at: system)
      let post = try await author.draft("Tides")
      let head = try await system.head()
      #expect(try await leader.client.head().number == UInt64(head))
      let events = try await leader.client.readAll(after: nil).events.map(\.type.text)
      #expect(events.contains("PostDrafted"))
      #expect(try await system.json("/v1/admin/log")["engine"]?.text == "postgres, remote")
      try await system.crash()
      try await system.restart()
      #expect(try await author.send("GET", "/v1/posts/" + post).json()["title"]?.text == "Tides")
      #expect(try await system.stop() == 0)
      #expect(try await standby.stop() == 0)
      #expect(try await leader.stop() == 0)
    }

    @Test func aLogThatIsNotReachedIsSaidWithoutItsPassword() async throws {
      let scratch = try Scratch()
      for log in [
        "postgres://weave:hunter22@127.0.0.1:1/weave", "grpc://127.0.0.1:1",
        "postgres://weave@127.0.0.1:1/weave?password=hunter22&nonsense=1",
      ] {
        let child = try Child(
          Child.wordweave,
          ["serve", "--data", scratch.path + "/data", "--port", "0", "--grpc-port", "0"],
          environment: ["WORDWEAVE_LOG=" + log],
          output: scratch.path + "/serve"
        )
        #expect(try await child.end(within: .seconds(60)) == 69)
        #expect(child.complaints.contains("127.0.0.1:1"), "\(child.complaints)")
        #expect(!child.complaints.contains("hunter22"), "\(child.complaints)")
        #expect(child.complaints.split(separator: "\n").count == 1, "\(child.complaints)")
      }
    }
  }
}
