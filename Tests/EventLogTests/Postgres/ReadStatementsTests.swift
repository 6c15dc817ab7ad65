import EventLogCore
import EventLogPostgres
import PostgresDriver
import Testing

/// Plans of the hot reads: by index alone, on tables whose statistics say that they are empty.
@Suite(.enabled(if: Server.postgres.isAvailable))
struct ReadStatementsTests {
  private static let page: [PostgresValue] = [
    .int8(10), .int8(90), .int8(50), .int8(1 << 20), .bool(false),
  ]
  private static let keys = page + [.byteArrays([[1], [2]]), .byteArrays([[3]])]

  private static let places: [PostgresValue] =
    Array(page.prefix(3)) + [.byteArrays([[1], [2]]), .byteArrays([[3]])]
  private static let chosen: [PostgresValue] = page + [.int8s([12, 40])]

  @Test func readsWalkIndexes() async throws {
    try await PostgresTest.withSchema { test in
      let log = try await test.open()
      // Statistics that are gathered in the middle would tell of tables too small for an index.
      for table in ["event", "event_tag", "stream_removal"] {
        try test.run("ALTER TABLE \(table) SET (autovacuum_enabled = off)")
      }
      for number in 0..<100 { _ = try await log.append(.marked(number, to: "s\(number % 9)")) }
      await log.close()
      var settings = PostgresSettings(url: test.url, applicationName: "wordweave-tests")
      settings.parameters = SessionParameters.common(schema: test.schema, role: nil)
      settings.parameters.merge(SessionParameters.reader) { $1 }
      let session = try PostgresSession.connect(settings)
      defer { session.close() }
      let stream: [PostgresValue] = [.bytes([115]), .int8(0), .int8(9), .int8(5), .int8(1 << 20)]
      var ids = PostgresArray(of: .uuid, count: 1, bytes: 16)
      ids.appendUUID(high: 1, low: 2)
      let reads: [(PostgresStatement, [PostgresValue], String)] = [
        (ReadStatements.scan(.forward), Self.page, "event_position"),
        (ReadStatements.scan(.backward), Self.page, "event_position"),
        (ReadStatements.candidates(.forward), Self.keys, "event_tag_position"),
        (ReadStatements.candidates(.backward), Self.keys, "event_type"),
        (ReadStatements.places(.forward), Self.places, "event_tag_position"),
        (ReadStatements.places(.backward), Self.places, "event_type"),
        (ReadStatements.chosen(.forward), Self.chosen, "event_position"),
        (ReadStatements.chosen(.backward), Self.chosen, "event_position"),
        (ReadStatements.stream(.forward), stream, "event_stream_revision"),
        (ReadStatements.stream(.backward), stream, "event_stream_revision"),
        (ReadStatements.heads, [.byteArrays([[1], [2]])], "event_stream_revision"),
        (ReadStatements.heads, [.byteArrays([[1], [2]])], "stream_removal_name"),
        (ReadStatements.knownIDs, [ids.value], "event_id"),
        (ReadStatements.namedEvents, [.int8s([12, 40])], "event_position"),
      ]
      for (statement, values, index) in reads {
        let explain = PostgresStatement("explain", isPrepared: false, "EXPLAIN " + statement.sql)
        let rows = try session.run(PostgresCall(explain, values))
        let plan = (0..<rows.count).compactMap { rows.text($0, 0) }.joined(separator: "\n")
        #expect(plan.contains(index), "\(statement.purpose): \(plan)")
        for table in ["event", "event_tag", "stream_removal"] {
          #expect(!plan.contains("Seq Scan on \(table) "), "\(statement.purpose): \(plan)")
        }
      }
    }
  }
}
