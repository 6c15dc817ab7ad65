import EventLogCore
import EventLogInMemory
import Foundation
import RedisDriver
import ServiceKit
import Synchronization
import Testing
import UsersService

@testable import EventLogRedis

/// What a Redis that lies may do: take time, and nothing else.
@Suite(.enabled(if: TestRedis.url != nil), .timeLimit(.minutes(1)))
struct LyingRedisTests {
  enum Lie: String, CaseIterable, Sendable {
    case flippedState, flippedRevision, flippedCode, truncated, longer, empty, huge, noise
    case ofAnotherStream, ofAnotherEpoch, ofAnotherSecret, aLaterRevision, another, nothing
  }

  @Test(arguments: Lie.allCases)
  func aLieChangesNoState(_ lie: Lie) async throws {
    let states = SharedStates()
    try await states.write(150)
    try await TestRedis.withClient { client in
      let outcomes = Outcomes()
      let store = RedisSnapshots(client, secret: SharedStates.secret) { outcomes.note($0) }
      try await saving(over: store) { queue in
        _ = try await states.handler(queue).load(states.stream)
        try await eventually("the state is shared") { outcomes[.saved] == 1 }
        let seal = SnapshotSeal(secret: SharedStates.secret)
        let key = try states.key
        let place = seal.key(key)
        guard case .bytes(let sound) = try await client.run(.get(place)) else {
          Issue.record("nothing was kept")
          return
        }
        let snapshot = try seal.open(sound, for: key)
        let told = Self.value(lie, sound, snapshot, states)
        if let told {
          let answer = try await client.run(.set(place, told, expiresAfter: .seconds(60)))
          #expect(answer == .status("OK"))
        } else {
          _ = try await client.run(.delete(place))
        }
        let truth = try await states.truth()
        // A process that has nothing in memory, and its next commands.
        let handler = try states.handler(queue)
        let loaded = try await handler.load(states.stream)
        #expect(loaded.state == truth.state)
        #expect(loaded.revision == truth.revision)
        #expect(loaded.position == truth.position)
        let outcome = try await handler.handle(states.edit("after \(lie.rawValue)"))
        #expect(outcome.revision == truth.revision?.next)
        #expect(try await states.truth().state == outcome.state)
        #expect(outcomes[.distrusted] == (lie == .nothing || lie == .another ? 0 : 1))
      }
    }
  }

  private static func value(
    _ lie: Lie,
    _ sound: [UInt8],
    _ snapshot: Snapshot,
    _ states: SharedStates
  ) -> [UInt8]? {
    func flipped(_ place: Int) -> [UInt8] {
      var bytes = sound
      bytes[place] ^= 1
      return bytes
    }
    func sealed(
      stream: StreamName? = nil,
      epoch: UInt64 = 1,
      secret: [UInt8] = SharedStates.secret
    ) -> [UInt8] {
      let key = SnapshotKey(
        log: LogIdentity(id: snapshot.key.log, epoch: snapshot.key.epoch + epoch - 1),
        stream: stream ?? snapshot.key.stream,
        shape: snapshot.key.shape
      )
      return SnapshotSeal(secret: secret).seal(
        Snapshot(
          key: key,
          revision: snapshot.revision,
          position: snapshot.position,
          eventID: snapshot.eventID,
          state: [1, 2, 3]
        )
      )
    }
    return switch lie {
    case .flippedState: flipped(SnapshotSeal.headerBytes + 3)
    case .flippedRevision: flipped(15)
    case .flippedCode: flipped(sound.count - 1)
    case .truncated: Array(sound.dropLast())
    case .longer: sound + [0]
    case .empty: []
    case .huge: [UInt8](repeating: 0x57, count: RedisLimits.valueBytes)
    case .noise: (0..<500).map { _ in UInt8.random(in: .min ... .max) }
    case .ofAnotherStream: sealed(stream: "user-other")
    case .ofAnotherEpoch: sealed(epoch: 2)
    case .ofAnotherSecret: sealed(secret: [UInt8](repeating: 1, count: 32))
    // The checksum is right as well: whoever lies may know the format.
    case .aLaterRevision: claiming(StreamRevision(1000), snapshot)
    case .another: sound
    case .nothing: nil
    }
  }

  /// The very state at another revision, by somebody who knows all but the secret.
  private static func claiming(_ revision: StreamRevision, _ sound: Snapshot) -> [UInt8] {
    SnapshotSeal(secret: []).seal(
      Snapshot(
        key: sound.key,
        revision: revision,
        position: sound.position,
        eventID: sound.eventID,
        state: sound.state
      )
    )
  }

  @Test func anOldValueIsNoLieAndCostsItsTail() async throws {
    let states = SharedStates()
    try await states.write(100)
    try await TestRedis.withClient { client in
      let outcomes = Outcomes()
      let store = RedisSnapshots(client, secret: SharedStates.secret) { outcomes.note($0) }
      try await saving(over: store) { queue in
        let place = SnapshotSeal(secret: SharedStates.secret).key(try states.key)
        _ = try await states.handler(queue).load(states.stream)
        try await eventually("the state is shared") { outcomes[.saved] == 1 }
        let old = try await client.run(.get(place))
        guard case .bytes(let value) = old else {
          Issue.record("nothing was kept")
          return
        }
        let handler = try states.handler(queue)
        for number in 0..<60 { _ = try await handler.handle(states.edit("Bio \(number)")) }
        try await eventually("a newer state is shared") { outcomes[.saved] == 2 }
        _ = try await client.run(.set(place, value, expiresAfter: .seconds(60)))
        let truth = try await states.truth()
        let loaded = try await states.handler(queue).load(states.stream)
        #expect(states.log.takeCount() == SnapshotQueue.worthEvents + 1 + 60)
        #expect(loaded.state == truth.state)
        #expect(loaded.revision == truth.revision)
      }
    }
  }

  @Test func twoProcessesShareThroughRedis() async throws {
    let states = SharedStates()
    try await states.write(1000)
    // Each with a connection of its own.
    try await TestRedis.withClient { one in
      try await TestRedis.withClient { two in
        let outcomes = Outcomes()
        let first = RedisSnapshots(one, secret: SharedStates.secret) { outcomes.note($0) }
        let second = RedisSnapshots(two, secret: SharedStates.secret) { outcomes.note($0) }
        try await saving(over: first) { queue in
          _ = try await states.handler(queue).load(states.stream)
          try await eventually("the state is shared") { outcomes[.saved] == 1 }
        }
        _ = states.log.takeCount()
        try await saving(over: second) { queue in
          let outcome = try await states.handler(queue).handle(states.edit("From the second"))
          // The beginning, the snapshot's own event, and what was just written.
          #expect(states.log.takeCount() == SnapshotQueue.worthEvents + 1 + 1)
          #expect(outcome.revision == StreamRevision(1000))
          #expect(outcome.state == (try await states.truth().state))
          #expect(outcomes[.hit] == 1)
        }
      }
    }
  }

  @Test func aStateThatIsTooLargeIsNotKept() async throws {
    try await TestRedis.withClient { client in
      let outcomes = Outcomes()
      let store = RedisSnapshots(client, secret: SharedStates.secret) { outcomes.note($0) }
      func snapshot(_ bytes: Int) throws -> Snapshot {
        Snapshot(
          key: try SharedStates().key,
          revision: .first,
          position: GlobalPosition(1),
          eventID: .make(),
          state: [UInt8](repeating: 1, count: bytes)
        )
      }
      let largest = try snapshot(RedisSnapshots.stateBytes)
      let larger = try snapshot(RedisSnapshots.stateBytes + 1)
      await store.save([larger, largest])
      #expect(outcomes[.unsaved] == 1)
      #expect(await store.snapshot(for: larger.key) == nil)
      #expect(await store.snapshot(for: largest.key) == largest)
    }
  }

  @Test func aRedisThatGoesInTheMiddleOfCommandsFailsNone() async throws {
    let states = SharedStates()
    try await states.write(100)
    let redis = try await OneRedis()
    let outcomes = Outcomes()
    try await TestRedis.withClient(redis.url, patience: .milliseconds(200)) { client in
      let store = RedisSnapshots(client, secret: SharedStates.secret) { outcomes.note($0) }
      try await saving(over: store) { queue in
        for round in 0..<60 {
          if round == 20 { redis.kill() }
          if round == 40 { try await redis.start() }
          // A process of its own each time, so that each asks Redis.
          let outcome = try await states.handler(queue).handle(states.edit("Round \(round)"))
          #expect(outcome.revision == StreamRevision(UInt64(100 + round)))
          #expect(outcome.state.profile.bio == "Round \(round)")
        }
        try await eventually("the client connects anew") { client.isReady }
        let before = outcomes[.miss] + outcomes[.hit]
        _ = try await states.handler(queue).load(states.stream)
        #expect(outcomes[.miss] + outcomes[.hit] == before + 1)
      }
    }
    #expect(outcomes[.skipped] > 0)
    #expect(try await states.truth().revision == StreamRevision(159))
    redis.kill()
  }

  /// What `RedisSnapshots` told.
  final class Outcomes: Sendable {
    private let counts = Mutex<[RedisSnapshots.Outcome: Int]>([:])
    func note(_ outcome: RedisSnapshots.Outcome) {
      counts.withLock { $0[outcome, default: 0] += 1 }
    }
    subscript(outcome: RedisSnapshots.Outcome) -> Int { counts.withLock { $0[outcome] ?? 0 } }
  }
}

/// A Redis of one test, which it may kill and start again on the same port.
final class OneRedis: Sendable {
  let url: String
  private let port = Int.random(in: 30_000..<32_000)
  private let process = Mutex<Process?>(nil)

  init() async throws {
    url = "redis://127.0.0.1:\(port)"
    try await start()
  }

  deinit { kill() }

  func start() async throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/redis-server")
    process.arguments =
      ["--port", "\(port)", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    process.currentDirectoryURL = FileManager.default.temporaryDirectory
    try process.run()
    self.process.withLock { $0 = process }
  }

  func kill() {
    process.withLock { process in
      guard let running = process, running.isRunning else { return }
      Glibc.kill(running.processIdentifier, SIGKILL)
      running.waitUntilExit()
      process = nil
    }
  }
}
