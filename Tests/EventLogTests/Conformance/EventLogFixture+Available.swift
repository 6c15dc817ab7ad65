internal import EventLogConformance
internal import EventLogInMemory
internal import EventLogPostgres
internal import EventLogRocksDB

extension EventLogFixture {
  /// The engines that the laws run against; a new engine is a line here.
  static let available =
    local
    + local.map { engines in
      engines.behind("Remote") { engine in try await ServedLog.serve(engine) }
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
