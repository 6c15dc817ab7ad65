import EventLogCore
import EventLogInMemory
import GRPCCore
import Logging
import Schemas
import Testing

@testable import EventLogRemote

@Suite(.timeLimit(.minutes(1))) struct LineTests {
  /// A leader that leaves takes its line away from under calls that just begin.
  @Test func callsOverALineThatIsGivenUpEnd() async throws {
    let log = InMemoryEventLog()
    let server = try await RunningServer(log)
    for round in 0..<100 {
      let line = try Line(
        RemoteSettings(host: "127.0.0.1", port: server.port),
        logger: Logger(label: "test.line")
      )
      let client = Wordweave_Events_V1_EventLog.Client(wrapping: line.client)
      let ended = await withTaskGroup(of: Void.self, returning: Int.self) { group in
        for _ in 0..<8 {
          group.addTask {
            // Until the line ends; whatever it ends with.
            while (try? await client.head(.init(), options: line.options)) != nil {}
          }
        }
        try? await Task.sleep(for: .milliseconds(round % 20))
        line.abandon()
        return await group.reduce(into: 0) { ended, _ in ended += 1 }
      }
      #expect(ended == 8)
    }
    await server.stop()
    await log.close()
  }
}
