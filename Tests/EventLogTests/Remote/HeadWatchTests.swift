import EventLogCore
import EventLogInMemory
import EventLogRemote
import EventsService
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct HeadWatchTests {
  /// Knows every token, or none while its file cannot be read.
  private final class Tokens: CallAuthority {
    let areRead = Mutex(true)

    func rights(of token: String) -> CallRights? { areRead.withLock { $0 } ? .admin : nil }
  }

  @Test func aWatchThatWasRefusedIsTakenUpAgain() async throws {
    let base = InMemoryEventLog()
    let tokens = Tokens()
    let server = try await RunningServer(base, authority: tokens)
    let remote = try await RemoteEventLog.connect(
      RemoteSettings(host: "127.0.0.1", port: server.port, token: "client")
    )
    tokens.areRead.withLock { $0 = false }
    await #expect(throws: EventLogError.self) { try await remote.head(beyond: .start) }
    tokens.areRead.withLock { $0 = true }
    _ = try await base.append(AppendRequest(to: "s", [NewEvent(type: "Later")]))
    // The refusal of a try that was under way may still come.
    try await until("the head is watched again") {
      (try? await remote.head(beyond: .start)) == GlobalPosition(1)
    }
    await remote.close()
    await server.stop()
    await base.close()
  }
}
