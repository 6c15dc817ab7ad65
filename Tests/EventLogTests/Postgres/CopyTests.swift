import EventLogCore
import EventLogPostgres
import PostgresDriver
import Testing

@Suite(.enabled(if: Server.postgres.isAvailable))
struct CopyTests {
  private static let statement = PostgresStatement(
    "copy rows",
    "COPY copied (number, name, id) FROM STDIN (FORMAT binary)"
  )

  private static func rows(_ range: Range<Int>, nameBytes: Int) -> PostgresCopy {
    var rows = PostgresCopy(statement, fields: 3, rows: range.count, bytes: 0)
    for number in range {
      rows.beginRow()
      rows.append(Int64(number))
      if number % 3 == 0 {
        rows.appendNull()
      } else {
        [UInt8](repeating: UInt8(number % 256), count: nameBytes).withUnsafeBytes {
          rows.append($0)
        }
      }
      rows.appendUUID(high: UInt64(number), low: 7)
    }
    rows.finish()
    return rows
  }

  private static func withTable(_ body: (PostgresSession) throws -> Void) async throws {
    try await PostgresTest.withSchema { test in
      try test.run(
        "CREATE SCHEMA \"\(test.schema)\"",
        "CREATE TABLE copied (number bigint PRIMARY KEY, name bytea, id uuid)"
      )
      let session = try test.session()
      defer { session.close() }
      try body(session)
    }
  }

  @Test func rowsArriveWhole() async throws {
    try await Self.withTable { session in
      // More than the socket and the library hold.
      let rows = Self.rows(0..<300, nameBytes: 100_000)
      #expect(rows.count == 300)
      try session.copy(rows)
      let found = try session.run(
        PostgresTest.statement(
          """
          SELECT count(*), count(name), sum(octet_length(name)),
            count(*) FILTER (WHERE id::text LIKE '%-000000000007')
          FROM copied
          """
        )
      )
      #expect(found.integer(0, 0) == 300 && found.integer(0, 1) == 200)
      #expect(found.integer(0, 2) == 20_000_000 && found.integer(0, 3) == 300)
      try session.copy(Self.rows(300..<300, nameBytes: 0))
      #expect(!session.isInTransaction)
    }
  }

  @Test func aRefusedCopyLeavesTheSessionAndUndoesItsTransaction() async throws {
    try await Self.withTable { session in
      try session.copy(Self.rows(5..<6, nameBytes: 1))
      try session.run(PostgresStatement.begin())
      try session.copy(Self.rows(10..<20, nameBytes: 1))
      let error = #expect(throws: PostgresError.self) {
        try session.copy(Self.rows(0..<10, nameBytes: 1))
      }
      #expect(error?.sqlState == "23505" && error?.constraint == "copied_pkey")
      #expect(session.isOpen && session.isInTransaction)
      try session.run(PostgresStatement.rollback())
      let count = PostgresTest.statement("SELECT count(*) FROM copied")
      #expect(try session.run(count).integer(0, 0) == 1)
      let nowhere = PostgresStatement("copy", "COPY nowhere (n) FROM STDIN (FORMAT binary)")
      var none = PostgresCopy(nowhere, fields: 1, rows: 0, bytes: 0)
      none.finish()
      #expect(throws: PostgresError.self) { try session.copy(none) }
      #expect(try session.run(count).integer(0, 0) == 1)
    }
  }

  @Test func aServerThatIsGoneIsNotWaitedFor() async throws {
    try await Self.withTable { session in
      let other = try PostgresSession.connect(
        PostgresSettings(
          url: try #require(Server.postgres.url),
          applicationName: "wordweave-tests"
        )
      )
      try other.run(
        PostgresStatement(
          "end",
          isPrepared: false,
          "SELECT pg_terminate_backend(\(session.process))"
        )()
      )
      other.close()
      let error = #expect(throws: PostgresError.self) {
        try session.copy(Self.rows(0..<300, nameBytes: 100_000))
      }
      #expect(error?.endsConnection == true)
    }
  }

  /// Below the limit rows go as arrays, from it on as copies: the tables hold the same.
  @Test(arguments: [999, 1_000, 4_000]) func commitsOfAnySizeAreWhole(_ events: Int) async throws {
    try await PostgresTest.withSchema { test in
      let log = try await test.open()
      let batch = (0..<events).map { number in
        NewEvent(
          id: .make(),
          type: EventType("T\(number % 7)"),
          data: [UInt8](repeating: UInt8(number % 256), count: number % 300),
          tags: number % 5 == 0 ? [] : [Tag("n:\(number % 11)"), "all", "all"]
        )
      }
      let half = events / 2
      let request = AppendRequest(
        [
          StreamAppend(to: "s", expecting: .noStream, Array(batch[..<half])),
          StreamAppend(to: nil, Array(batch[half...])),
        ],
        tracking: Tracking(source: "origin", position: UInt64.max)
      )
      let receipt = try await log.append(request)
      #expect(receipt.lastPosition == GlobalPosition(UInt64(events)))
      #expect(try await log.append(request).isRepeat)
      try await log.verify()
      let page = try await log.readAll(after: nil, limit: 4_096)
      #expect(page.events.map(\.id) == batch.compactMap(\.id))
      #expect(page.events.map(\.data) == batch.map(\.data))
      #expect(page.events.map(\.tags) == batch.map(\.tags))
      #expect(try await log.tracking(of: "origin") == UInt64.max)
      let tagged = try await log.readAll(
        after: nil,
        matching: EventQuery([EventQuery.Item(tags: ["all"])]),
        limit: 4_096
      )
      #expect(tagged.events.count == batch.count { !$0.tags.isEmpty })
      await log.close()
    }
  }
}
