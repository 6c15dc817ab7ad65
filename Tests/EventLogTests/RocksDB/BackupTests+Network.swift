import EventLogCore
import Foundation
import GRPCCore
import GRPCNIOTransportHTTP2
import Schemas
import Testing

extension BackupTests {
  /// Subscribes by the protocol itself, so that the service decides and not our client.
  func expectRefused(_ checkpoint: LogCheckpoint, by served: ServedLog) async throws {
    let client = GRPCClient(
      transport: try .http2NIOPosix(
        target: .ipv4(address: "127.0.0.1", port: served.server.port),
        transportSecurity: .plaintext
      )
    )
    let connecting = Task { try await client.runConnections() }
    let log = Wordweave_Events_V1_EventLog.Client(wrapping: client)
    var request = Wordweave_Events_V1_SubscribeRequest()
    request.checkpoint.logID = protobufBytes(checkpoint.log.bytes)
    request.checkpoint.epoch = checkpoint.epoch
    request.checkpoint.position = checkpoint.position.number
    do {
      try await log.subscribe(request) { response in
        for try await _ in response.messages {}
      }
      Issue.record("the subscription ended by itself")
    } catch let error as RPCError {
      #expect(error.code == .failedPrecondition)
      #expect(error.message.contains("was restored"))
    }
    client.beginGracefulShutdown()
    _ = try? await connecting.value
  }
}
