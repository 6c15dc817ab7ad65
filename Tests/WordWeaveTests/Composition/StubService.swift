import GRPCCore
import Synchronization

@testable import WordWeave

/// A service of bytes that tells how its calls ended.
final class StubService: RegistrableRPCService {
  enum Call: String, CaseIterable {
    /// Writes a thousand messages of a MiB.
    case flood
    /// Answers nothing for a minute.
    case linger
    /// Answers with metadata on both sides.
    case greet
    /// Throws an `RPCError`.
    case refuse
    /// Throws another error.
    case fail
    /// Answers what it is told.
    case echo
    /// Answers without a look at what it is told.
    case deaf

    var method: MethodDescriptor {
      MethodDescriptor(fullyQualifiedService: "wordweave.test.Stub", method: rawValue)
    }
  }

  private struct State {
    var hasBegun = false
    var written = 0
    var wasCancelled: Bool?
  }

  struct Broken: Error {}

  private let state = Mutex(State())

  /// Whether a call that takes its time was begun.
  var hasBegun: Bool { state.withLock { $0.hasBegun } }
  /// Messages whose writing was over.
  var written: Int { state.withLock { $0.written } }
  /// Whether such a call ended in a task that was cancelled; nil while it goes on.
  var wasCancelled: Bool? { state.withLock { $0.wasCancelled } }

  func registerMethods<Transport: ServerTransport>(with router: inout RPCRouter<Transport>) {
    for call in Call.allCases {
      router.registerHandler(
        forMethod: call.method,
        deserializer: RawBytes(),
        serializer: RawBytes()
      ) { request, _ in
        try self.answer(call, request)
      }
    }
  }

  private func answer(
    _ call: Call,
    _ request: StreamingServerRequest<[UInt8]>
  ) throws -> StreamingServerResponse<[UInt8]> {
    switch call {
    case .flood:
      StreamingServerResponse { writer in
        try await self.noting {
          for _ in 0..<1000 {
            try await writer.write([UInt8](repeating: 7, count: 1 << 20))
            self.state.withLock { $0.written += 1 }
          }
        }
        return [:]
      }
    case .linger:
      StreamingServerResponse { _ in
        try await self.noting { try await Task.sleep(for: .seconds(60)) }
        return [:]
      }
    case .greet:
      StreamingServerResponse(metadata: ["greeting": "hello"]) { writer in
        try await writer.write(Array("words".utf8))
        return ["farewell": "bye"]
      }
    case .refuse:
      throw RPCError(code: .failedPrecondition, message: "not now", metadata: ["reason": "closed"])
    case .fail: throw Broken()
    case .echo:
      StreamingServerResponse { writer in
        for try await message in request.messages { try await writer.write(message) }
        return [:]
      }
    case .deaf: StreamingServerResponse { _ in [:] }
    }
  }

  private func noting(_ body: () async throws -> Void) async throws {
    state.withLock { $0.hasBegun = true }
    defer {
      let isCancelled = Task.isCancelled
      state.withLock { $0.wasCancelled = isCancelled }
    }
    try await body()
  }
}

/// Messages as they are.
struct RawBytes: MessageSerializer, MessageDeserializer {
  func serialize<Bytes: GRPCContiguousBytes>(_ message: [UInt8]) throws -> Bytes {
    Bytes(message)
  }

  func deserialize<Bytes: GRPCContiguousBytes>(_ bytes: Bytes) throws -> [UInt8] {
    bytes.withUnsafeBytes { Array($0) }
  }
}

/// Why a test's reader leaves.
struct HasEnough: Error {}

/// Runs services as this process itself asks them, while `body` does; they have ended afterwards.
func withLocalServices(
  _ services: [any RegistrableRPCService],
  _ body: (LocalEventService) async throws -> Void
) async throws {
  let events = LocalEventService(services)
  try await withThrowingTaskGroup(of: Void.self) { group in
    group.addTask { try await events.server.serve() }
    group.addTask { try await events.client.runConnections() }
    try await body(events)
    events.client.beginGracefulShutdown()
    events.server.beginGracefulShutdown()
  }
}

/// Whether something comes to hold: at once, unless the machine is busy.
func comesToHold(_ condition: () async throws -> Bool) async throws -> Bool {
  let begin = ContinuousClock.now
  while try await !condition() {
    guard ContinuousClock.now - begin < .seconds(5) else { return false }
    try await Task.sleep(for: .milliseconds(5))
  }
  return true
}
