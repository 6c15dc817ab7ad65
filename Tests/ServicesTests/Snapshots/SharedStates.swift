import EventLogConformance
import EventLogCore
import EventLogInMemory
import EventLogRedis
import Foundation
import RedisDriver
import ServiceKit
import Synchronization
import Testing
import UsersService

typealias AccountHandler = CommandHandler<Account, AccountCodec>

/// One log, and processes over it that share snapshots.
struct SharedStates: Sendable {
  static let secret = [UInt8](repeating: 42, count: 32)

  let log: CountingLog
  let stream = UserStreams.account("user_a")

  init() { log = CountingLog(InMemoryEventLog()) }

  /// A handler as another process has it: with nothing in memory.
  func handler(_ queue: SnapshotQueue?) throws -> AccountHandler {
    try AccountHandler(
      EventStore(log),
      makeID: { .make() },
      weigh: { _ in 100 },
      claims: Account.claims
    ).sharing(AccountStates.self, over: queue)
  }

  /// An account with so many events.
  func write(_ events: Int) async throws {
    let first = Account.Event.registered(id: "user_a", username: "anna", profile: Profile())
    let all = [first] + (1..<events).map { .profileEdited(ProfileChange(bio: "Bio \($0)")) }
    for start in stride(from: 0, to: events, by: 1000) {
      let part = all[start..<min(start + 1000, events)]
      _ = try await log.append(
        AppendRequest(
          to: stream,
          try part.map { event in
            let encoded = try AccountCodec.encode(event)
            return NewEvent(
              type: encoded.type,
              schemaVersion: encoded.schemaVersion,
              data: encoded.data,
              tags: encoded.tags
            )
          }
        )
      )
    }
  }

  func edit(_ bio: String) -> Submission<Account> {
    let context = CallContext(caller: Caller(id: "user_a"), correlationID: "c")
    return Submission(to: stream, context: context) { _ in
      .editProfile(ProfileChange(bio: bio))
    }
  }

  var key: SnapshotKey {
    get throws {
      SnapshotKey(log: log.identity, stream: stream, shape: try AccountStates.shape())
    }
  }

  /// What the log alone says.
  func truth() async throws -> LoadedStream<Account.State> {
    let loaded = try await StreamFolder<Account, AccountCodec>(EventStore(log)).load(stream)
    _ = log.takeCount()
    return loaded
  }
}

/// Runs `body` while the queue saves.
func saving(
  over store: any SnapshotStore,
  _ body: @Sendable (SnapshotQueue) async throws -> Void
) async throws {
  let queue = SnapshotQueue(store)
  try await withThrowingTaskGroup(of: Void.self) { group in
    group.addTask { await queue.run() }
    defer { group.cancelAll() }
    try await body(queue)
  }
}

/// Waits until `condition` holds; half a minute is generous for a loaded machine.
func eventually(
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

/// The Redis that `ops/test` started, or a process of one test's own.
enum TestRedis {
  static let url = ProcessInfo.processInfo.environment["WORDWEAVE_TEST_REDIS"]
    .flatMap { $0.isEmpty ? nil : $0 }

  /// Lends a connected client.
  static func withClient(
    _ url: String? = TestRedis.url,
    patience: Duration = .seconds(10),
    _ body: @Sendable (RedisClient) async throws -> Void
  ) async throws {
    var settings = try RedisSettings(url: try #require(url))
    settings.connectTimeout = .seconds(10)
    settings.commandTimeout = patience
    let client = RedisClient(settings)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { await client.run() }
      defer { group.cancelAll() }
      try await eventually("the client connects") { client.isReady }
      try await body(client)
    }
  }
}
