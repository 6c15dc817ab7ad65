internal import EventLogConformance
internal import EventLogInMemory
internal import EventLogPostgres
internal import EventLogRocksDB
internal import Foundation

extension EventLogFixture {
  /// The engines that the laws run against; a new engine is a line in `local`.
  ///
  /// `WORDWEAVE_TEST_ENGINES=remote` names those that persist, behind a loopback connection, instead.
  /// They run by themselves, one law after the other: beside all others on two cores, unoptimised, a
  /// connection is given up because nobody answers its pings in time. `forwarding` names the log in
  /// Postgres as one sees it who does not lead.
  static let available =
    switch ProcessInfo.processInfo.environment["WORDWEAVE_TEST_ENGINES"] {
    case "remote": remote
    case "forwarding": forwarding
    default: local
    }

  private static var forwarding: [EventLogFixture] {
    guard let url = Server.postgres.url else { return [] }
    return [
      EventLogFixture(
        "Postgres, forwarding",
        isPersistent: false,
        remove: { path in TestSchema.drop(TestSchema.name(path)) },
        open: { path, clock in
          try await ForwardedLog.open(url: url, schema: TestSchema.name(path), clock: clock)
        }
      )
    ]
  }

  private static var remote: [EventLogFixture] {
    local.filter(\.isPersistent).map { engine in
      engine.behind("Remote") { log in try await ServedLog.serve(log) }
    }
  }

  private static let local =
    [
      EventLogFixture("InMemory", isPersistent: false) { _, clock in
        InMemoryEventLog(clock: clock)
      },
      EventLogFixture("RocksDB", isPersistent: true) { path, clock in
        try RocksDBEventLog.open(path: path, clock: clock)
      },
    ] + onServers

  /// The engines whose server answers; that one does not is told by the server's own test.
  private static var onServers: [EventLogFixture] {
    guard let url = Server.postgres.url else { return [] }
    return [
      EventLogFixture(
        "Postgres",
        isPersistent: true,
        remove: { path in TestSchema.drop(TestSchema.name(path)) },
        open: { path, clock in
          let schema = TestSchema.name(path)
          return try await PostgresEventLog.open(
            url: url,
            schema: schema,
            standby: .refuses,
            clock: clock
          )
        }
      )
    ]
  }
}
