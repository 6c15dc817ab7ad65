import EventLogCore
import EventLogInMemory
import EventLogRemote
import GRPCCore
import Schemas
import SwiftProtobuf
import Testing

@Suite(.timeLimit(.minutes(1))) struct RemoteStatisticsTests {
  /// Answers `Status` alone; `Stats` would count events.
  private struct StatusAlone: RegistrableRPCService {
    func registerMethods<Transport: ServerTransport>(with router: inout RPCRouter<Transport>) {
      router.registerHandler(
        forMethod: Wordweave_Events_V1_Administration.Method.Status.descriptor,
        deserializer: RawBytes(),
        serializer: RawBytes()
      ) { _, _ in
        var status = Wordweave_Events_V1_StatusResponse()
        status.engine = "test"
        status.head = 7
        status.streams = 3
        status.bytesOnDisk = 5
        let bytes: [UInt8] = try status.serializedBytes()
        return StreamingServerResponse { writer in
          try await writer.write(bytes)
          return [:]
        }
      }
    }
  }

  /// Messages as they are.
  private struct RawBytes: MessageSerializer, MessageDeserializer {
    func serialize<Bytes: GRPCContiguousBytes>(_ message: [UInt8]) throws -> Bytes {
      Bytes(message)
    }

    func deserialize<Bytes: GRPCContiguousBytes>(_ bytes: Bytes) throws -> [UInt8] {
      bytes.withUnsafeBytes { Array($0) }
    }
  }

  @Test func theyAreAskedForWithoutACountOfEvents() async throws {
    let base = InMemoryEventLog()
    let server = try await RunningServer(base, more: [StatusAlone()])
    let remote = try await RemoteEventLog.connect(
      RemoteSettings(host: "127.0.0.1", port: server.port)
    )
    let found = try await remote.statistics()
    #expect(found.engine == "test" && found.events == 7)
    #expect(found.streams == 3 && found.bytesOnDisk == 5)
    await remote.close()
    await server.stop()
    await base.close()
  }
}
