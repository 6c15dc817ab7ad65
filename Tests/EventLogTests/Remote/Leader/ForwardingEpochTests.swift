import EventLogConformance
import EventLogCore
import EventLogInMemory
import EventLogRemote
import EventsService
import Synchronization
import Testing

/// Changes that are passed on while the two who share a log know it in different epochs.
@Suite(.timeLimit(.minutes(1))) struct ForwardingEpochTests {
  /// Appends through a process that follows, after the leader's log began an epoch.
  ///
  /// - look: what the follower does when it is asked a second time; by then it was refused once.
  private func append(
    patience: Duration,
    _ look: @escaping @Sendable (RenewedEngine, LogIdentity) throws(EventLogError) -> Void
  ) async throws -> Result<AppendReceipt, EventLogError> {
    let base = InMemoryEventLog()
    _ = try await base.append(.marked(1, to: "s"))
    let leader = LedInMemory(base, .leads)
    let server = try await RunningServer(leader, more: [ClusterService(leader)])
    let address = LogLeader(address: "127.0.0.1:\(server.port)", secret: "")
    let renewed = leader.log.identity.next(endingAt: GlobalPosition(1))
    let standby = LedInMemory(base, .follows(address)) { log throws(EventLogError) in
      try look(log, renewed)
    }
    leader.log.identity = renewed
    var settings = ForwardingSettings(sendsSecret: false)
    settings.patience = patience
    let engine = ForwardingEventLog(standby, settings: settings)
    let result: Result<AppendReceipt, EventLogError>
    do throws(EventLogError) {
      result = .success(try await engine.append(.marked(2, to: "s")))
    } catch {
      result = .failure(error)
    }
    await engine.close()
    await server.stop()
    await base.close()
    return result
  }

  @Test func whoHasNotLookedYetIsNotToldOfALoss() async throws {
    let result = try await append(patience: .seconds(30)) { log, renewed in
      log.identity = renewed
    }
    #expect(try result.get().lastPosition == GlobalPosition(2))
  }

  @Test func whoNeverLooksIsToldThatNothingWasWritten() async throws {
    let result = try await append(patience: .milliseconds(200)) { _, _ in }
    switch result {
    case .failure(.notLeader), .failure(.unavailable): break
    default: Issue.record("found \(result)")
    }
  }

  @Test func whoHasReadWhatIsLostIsToldByItsOwnLog() async throws {
    let lost = EventLogError.logEpochChanged(head: GlobalPosition(1))
    let result = try await append(patience: .seconds(30)) { _, _ throws(EventLogError) in
      throw lost
    }
    #expect(result == .failure(lost))
  }
}

/// A log in memory as one of several processes has it that share it.
private final class LedInMemory: EngineWrapper, LedEventLog {
  let log: RenewedEngine
  let leadership: Leadership
  private let look: @Sendable (RenewedEngine) throws(EventLogError) -> Void
  private let asked = Mutex(0)
  var base: any EventLogEngine { log }

  /// - look: what it does when it is asked to append a second time and does not lead.
  init(
    _ base: any EventLogEngine,
    _ leadership: Leadership,
    look: @escaping @Sendable (RenewedEngine) throws(EventLogError) -> Void = { _ in }
  ) {
    log = RenewedEngine(base)
    self.leadership = leadership
    self.look = look
  }

  func append(_ request: AppendRequest) async throws(EventLogError) -> AppendReceipt {
    guard let leader = leadership.leader else { return try await base.append(request) }
    let times = asked.withLock { asked in
      asked += 1
      return asked
    }
    if times == 2 { try look(log) }
    throw .notLeader(address: leader.address)
  }

  func leaderships() -> AsyncStream<Leadership> {
    AsyncStream { continuation in
      continuation.yield(leadership)
      continuation.finish()
    }
  }

  func admits(_ secret: String) -> Bool { false }

  func learn(of head: GlobalPosition) {}
}
