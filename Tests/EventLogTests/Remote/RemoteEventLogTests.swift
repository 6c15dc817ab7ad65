import EventLogConformance
import EventLogCore
import EventLogInMemory
import EventLogRemote
import Logging
import Testing

@Suite struct RemoteEventLogTests {
  private func connect(_ port: Int, patience: Duration = .seconds(30)) async throws
    -> RemoteEventLog
  {
    var settings = RemoteSettings(host: "127.0.0.1", port: port)
    settings.patience = patience
    return try await RemoteEventLog.connect(settings)
  }

  @Test func appendsAndSubscriptionsLiveThroughARestart() async throws {
    let base = InMemoryEventLog()
    let first = try await RunningServer(base)
    let remote = try await connect(first.port)
    let store = EventStore(remote)
    _ = try await remote.append(AppendRequest(to: "s", [NewEvent(type: "Before")]))
    let reader = Task { () -> [UInt64] in
      var positions: [UInt64] = []
      for try await message in store.subscribe(from: .beginning) {
        guard case .events(let page) = message else { continue }
        positions += page.events.map(\.position.number)
        if positions.count >= 41 { break }
      }
      return positions
    }
    let writers = Task {
      for _ in 0..<40 {
        _ = try await remote.append(AppendRequest(to: "s", [NewEvent(type: "During")]))
      }
    }
    await first.crash()
    let second = try await RunningServer(base, port: first.port)
    try await writers.value
    #expect(try await reader.value == Array(1...41))
    // However often they were sent, they were written once.
    #expect(try await base.head() == GlobalPosition(41))
    await remote.close()
    await second.stop()
    await base.close()
  }

  @Test(arguments: [false, true])
  func aPortIsFreeOnceItsServerHasEnded(isKilled: Bool) async throws {
    let base = InMemoryEventLog()
    var port = 0
    for _ in 0..<200 {
      let server = try await RunningServer(base, port: port)
      port = server.port
      if isKilled { await server.crash() } else { await server.stop() }
    }
    await base.close()
  }

  @Test func aServiceThatIsNotThereIsToldWithinThePatience() async throws {
    let base = InMemoryEventLog()
    let server = try await RunningServer(base)
    let remote = try await connect(server.port, patience: .milliseconds(300))
    await server.stop()
    let request = AppendRequest(to: "s", [NewEvent(type: "Lost")])
    await #expect(throws: EventLogError.self) { try await remote.append(request) }
    do throws(EventLogError) {
      _ = try await remote.readAll(after: nil)
      Issue.record("a read was answered by nobody")
    } catch {
      guard case .unavailable = error else {
        Issue.record("expected unavailable, found \(error)")
        return
      }
    }
    await remote.close()
    await base.close()
  }

  @Test func anotherLogAtTheSameAddressIsRefused() async throws {
    let one = InMemoryEventLog()
    let first = try await RunningServer(one)
    let remote = try await connect(first.port)
    await first.stop()
    let other = InMemoryEventLog()
    let second = try await RunningServer(other, port: first.port)
    let request = AppendRequest(to: "s", [NewEvent(type: "Meant for another")])
    await #expect(throws: EventLogError.logEpochChanged(head: .start)) {
      try await remote.append(request)
    }
    await #expect(throws: EventLogError.logEpochChanged(head: .start)) {
      try await remote.head(beyond: .start)
    }
    #expect(try await other.head() == .start)
    await remote.close()
    await second.stop()
    await one.close()
    await other.close()
  }

  @Test func aTokenIsNotSentInPlainTextAcrossTheNetwork() async throws {
    let settings = RemoteSettings(host: "events.example", port: 1, token: "secret")
    await #expect(throws: EventLogError.self) { try await RemoteEventLog.connect(settings) }
    #expect(RemoteSettings(host: "127.0.0.1", port: 1, token: "secret").complaint == nil)
  }
}
