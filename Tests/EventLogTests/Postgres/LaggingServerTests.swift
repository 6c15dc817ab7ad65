import PostgresDriver
import Testing

@testable import EventLogCore
@testable import EventLogPostgres

/// A server that is behind what was published, as a replica may be, or in another epoch of the log,
/// as an old primary is, is not believed.
@Suite(.enabled(if: Server.postgres.isAvailable))
struct LaggingServerTests {
  /// How many events the tables have.
  private static let count: UInt64 = 3

  /// Lends a storage that was told of this head, in an epoch; the tables are in the first.
  private static func withStorage(
    toldOf head: UInt64,
    in epoch: UInt64 = 1,
    _ body: (PostgresStorage, GlobalPosition) throws -> Void
  ) async throws {
    try await PostgresTest.withSchema { test in
      let log = try await test.open()
      for number in 1...count { _ = try await log.append(.marked(Int(number), to: "s")) }
      await log.close()
      var settings = PostgresSettings(url: test.url, applicationName: "wordweave-tests")
      settings.parameters = SessionParameters.common(schema: test.schema, role: nil)
      let identity = LogIdentity(id: log.identity.id, epoch: epoch)
      let known = KnownHead(identity, head: head)
      let storage = PostgresStorage(PostgresPool(settings, bound: 1), known: known)
      defer { storage.close() }
      try body(storage, GlobalPosition(head))
    }
  }

  private typealias Question =
    @Sendable (PostgresStorage, GlobalPosition) throws(EventLogError) -> Void

  /// What is answered without an event that would be missed.
  private static let questions: [(String, Question)] = [
    (
      "a stream",
      { storage, head throws(EventLogError) in
        var asked = ColdQuestions()
        asked.streams = [NameKey("never")]
        _ = try storage.resolve([asked], at: head)
      }
    ),
    (
      "an id",
      { storage, head throws(EventLogError) in
        var asked = ColdQuestions()
        asked.ids = [.make()]
        _ = try storage.resolve([asked], at: head)
      }
    ),
    (
      "a condition",
      { storage, head throws(EventLogError) in
        let condition = PreparedCondition(
          AppendCondition(failIfMatches: .tags("never", "neither")),
          hashing: { TextHash($0, as: $1) }
        )
        let search = ConditionSearch(condition, upTo: head.number)
        try storage.search([search], steps: 100)
      }
    ),
    (
      "events",
      { storage, head throws(EventLogError) in
        _ = try storage.readAll(Self.reading, head: head)
      }
    ),
    (
      "places",
      { storage, head throws(EventLogError) in
        _ = try storage.places(Self.reading, head: head)
      }
    ),
    (
      "the position of an id",
      { storage, _ throws(EventLogError) in
        _ = try storage.position(of: .make())
      }
    ),
    (
      "a mark",
      { storage, _ throws(EventLogError) in
        _ = try storage.tracking(of: NameKey("never"))
      }
    ),
    (
      "whether the log is sound",
      { storage, head throws(EventLogError) in
        try LogVerification.run(storage, at: head) { _ in }
      }
    ),
  ]

  /// Of tags that nobody bears: the indexes alone tell.
  private static let reading = AllReading(
    after: nil,
    query: .tags("never", "neither"),
    direction: .forward,
    limit: 10,
    includeRemoved: false
  )

  @Test func nothingIsToldFromAServerThatIsBehind() async throws {
    try await Self.withStorage(toldOf: Self.count + 2, Self.refuses)
  }

  @Test func nothingIsToldFromAServerInAnotherEpoch() async throws {
    try await Self.withStorage(toldOf: Self.count, in: 2, Self.refuses)
  }

  private static func refuses(_ storage: PostgresStorage, at head: GlobalPosition) {
    for (what, ask) in questions {
      #expect("\(what)") {
        try ask(storage, head)
      } throws: { error in
        if case .unavailable = error as? EventLogError { true } else { false }
      }
    }
  }

  /// The pool lends the session first that came back last: it would be asked for ever.
  @Test func aServerThatIsBehindIsAskedOverNoSessionAgain() async throws {
    try await Self.withStorage(toldOf: Self.count + 2) { storage, _ in
      let first = try Self.process(of: storage)
      #expect(try Self.process(of: storage) == first)
      #expect(throws: EventLogError.self) { try storage.tracking(of: NameKey("never")) }
      #expect(try Self.process(of: storage) != first)
    }
  }

  /// The server's process of the session that is lent next.
  private static func process(of storage: PostgresStorage) throws -> Int32 {
    try storage.pool.withSession { session throws(PostgresError) in session.process }
  }

  @Test func aServerThatIsThereIsBelieved() async throws {
    try await Self.withStorage(toldOf: Self.count) { storage, head in
      for (what, ask) in Self.questions {
        #expect(throws: Never.self, "\(what)") { try ask(storage, head) }
      }
    }
  }
}
