import EventLogCore
import EventLogPostgres
import Logging
import PostgresDriver
import Testing

/// A schema of its own on the test server, and what tests of the engine do with it.
struct PostgresTest: Sendable {
  let url: String
  let schema: String

  /// Lends a fresh schema, which is dropped afterwards.
  static func withSchema<R>(_ body: (PostgresTest) async throws -> R) async throws -> R {
    let test = PostgresTest(url: try #require(Server.postgres.url), schema: TestSchema.name())
    do {
      let result = try await body(test)
      TestSchema.drop(test.schema)
      return result
    } catch {
      TestSchema.drop(test.schema)
      throw error
    }
  }

  /// Opens the log of the schema.
  func open(
    _ address: String = "",
    standby: PostgresEventLog.Standby = .standsBy,
    at url: String? = nil,
    lease: Duration = .seconds(10),
    poll: Duration = .seconds(1),
    startsEpoch: Bool = false
  ) async throws -> PostgresEventLog {
    var times = LeaseTimes()
    times.lease = lease
    times.renewal = lease * 3 / 10
    times.lateness = lease / 20
    times.poll = poll
    return try await PostgresEventLog.open(
      url: url ?? self.url,
      schema: schema,
      standby: standby,
      address: address,
      readThreads: 2,
      startsEpoch: startsEpoch,
      times: times,
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
      clock: { .now }
    )
  }

  /// A session in the schema, with the rights of the tables' owner.
  func session() throws -> PostgresSession {
    var settings = PostgresSettings(url: url, applicationName: "wordweave-tests")
    settings.parameters["search_path"] = schema
    return try PostgresSession.connect(settings)
  }

  /// Runs statements, one after the other.
  @discardableResult
  func run(_ statements: String...) throws -> PostgresRows? {
    let session = try session()
    defer { session.close() }
    var last: PostgresRows?
    for sql in statements { last = try session.run(Self.statement(sql)) }
    return last
  }

  static func statement(_ sql: String) -> PostgresCall {
    PostgresStatement("test", isPrepared: false, sql)()
  }

  /// The sessions of this log's engines end, whatever they are doing.
  func endSessions() throws {
    try run(
      """
      SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE application_name = 'wordweave \(schema)'
      """
    )
  }
}

extension AppendRequest {
  static func marked(_ number: Int, to stream: String, type: String = "Marked") -> AppendRequest {
    AppendRequest(
      to: StreamName(stream),
      [NewEvent(id: .make(), type: EventType(type), data: Array("\(number)".utf8))]
    )
  }
}

/// Waits until `condition` holds; half a minute is generous for a loaded machine.
func until(
  _ what: Comment,
  sourceLocation: SourceLocation = #_sourceLocation,
  _ condition: () async throws -> Bool
) async throws {
  let deadline = ContinuousClock.now + .seconds(30)
  while ContinuousClock.now < deadline {
    if try await condition() { return }
    try await Task.sleep(for: .milliseconds(5))
  }
  Issue.record(what, sourceLocation: sourceLocation)
}
