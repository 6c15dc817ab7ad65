import EventLogCore
import EventLogRemote
import Gateway
import Glibc
import Logging

@testable import WordWeave

/// An Event Service of a shared log as a process of its own, at a port that outlives restarts, and a
/// client of it that gives up soon.
final class Node: Sendable {
  let served: Served
  let address: String
  let client: RemoteEventLog
  private let scratch: Scratch

  init(_ database: SharedDatabase, patience: Duration = .milliseconds(200)) async throws {
    let scratch = try Scratch()
    self.scratch = scratch
    let port = try FreePort.find()
    address = "127.0.0.1:\(port)"
    served = try await Served(
      in: scratch,
      options: ["--only", "events", "--log", database.log, "--grpc-port", "\(port)"]
    )
    var settings = RemoteSettings(host: "127.0.0.1", port: port, token: served.operatorToken)
    settings.patience = patience
    var logger = Logger(label: "test.node")
    logger.logLevel = .critical
    client = try await RemoteEventLog.connect(settings, logger: logger)
  }

  func pause() { kill(served.child.pid, SIGSTOP) }
  func resume() { kill(served.child.pid, SIGCONT) }

  func stop() async throws -> Int32 {
    await client.close()
    return try await served.stop()
  }
}
