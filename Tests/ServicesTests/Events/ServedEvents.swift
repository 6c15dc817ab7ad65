import EventLogCore
import EventLogInMemory
import EventsService
import GRPCCore
import GRPCNIOTransportHTTP2
import Logging
import Schemas
import Testing
import WeaveRuntime

/// The services of a log in memory on a loopback port, and calls to them.
final class ServedEvents: Sendable {
  let engine: any EventLogEngine
  let port: Int
  let client: GRPCClient<HTTP2ClientTransport.Posix>
  let log: Wordweave_Events_V1_EventLog.Client<HTTP2ClientTransport.Posix>
  private let server: EventServer
  private let serving: Task<Void, any Error>
  private let connecting: Task<Void, any Error>

  /// How long a call may take, unless told otherwise: no test ends in it, however busy the machine.
  static let callLimit = Duration.seconds(300)

  /// What is served over a log.
  typealias Services = @Sendable (EventStore) -> [any RegistrableRPCService]

  /// Lends a fresh service; of the log alone, unless told otherwise.
  static func with<R>(
    authority: (any CallAuthority)? = nil,
    engine: any EventLogEngine = InMemoryEventLog(),
    services: Services = {
      EventsModule.logServices($0, log: NoAdministration()) + [UmaDBEndpoint(log: $0.engine)]
    },
    settings adjust: (inout EventServerSettings) -> Void = { _ in },
    _ body: (ServedEvents) async throws -> R
  ) async throws -> R {
    var settings = EventServerSettings()
    settings.port = 0
    settings.authority = authority
    settings.drain = .seconds(2)
    settings.callLimit = callLimit
    adjust(&settings)
    let served = try await ServedEvents(settings, engine, services)
    do {
      let result = try await body(served)
      await served.stop()
      return result
    } catch {
      await served.stop()
      throw error
    }
  }

  private init(
    _ settings: EventServerSettings,
    _ engine: any EventLogEngine,
    _ services: Services
  ) async throws {
    self.engine = engine
    let store = EventStore(engine)
    var logger = Logger(label: "test.events")
    logger.logLevel = .error
    let server = EventServer(
      store,
      services: services(store),
      settings: settings,
      logger: logger
    )
    let (ports, bound) = AsyncStream.makeStream(of: Int.self)
    let serving = Task {
      defer { bound.finish() }
      try await server.run { bound.yield($0) }
    }
    self.server = server
    self.serving = serving
    port = try #require(await ports.first { _ in true })
    let client = GRPCClient(
      transport: try .http2NIOPosix(
        target: .ipv4(address: "127.0.0.1", port: port),
        transportSecurity: .plaintext
      )
    )
    self.client = client
    connecting = Task { try await client.runConnections() }
    log = Wordweave_Events_V1_EventLog.Client(wrapping: client)
  }

  /// How long the client may take for its goodbye.
  private static let goodbye = Duration.seconds(20)

  func stop() async {
    client.beginGracefulShutdown()
    // A client may wait for a connection that never goes: no test is to hang in what it is not about.
    let end = Deadlines.shared.after(Self.goodbye) { [connecting] in connecting.cancel() }
    _ = try? await connecting.value
    Deadlines.shared.cancel(end)
    server.beginGracefulShutdown()
    _ = try? await serving.value
    await engine.close()
  }

  /// Calls a method with any bytes.
  func call(
    _ method: MethodDescriptor,
    _ bytes: [UInt8],
    metadata: GRPCCore.Metadata = [:],
    timeout: Duration? = nil
  ) async throws {
    var options = CallOptions.defaults
    options.timeout = timeout
    options.maxRequestMessageBytes = 64 << 20
    _ = try await client.unary(
      request: ClientRequest(message: bytes, metadata: metadata),
      descriptor: method,
      serializer: RawBytes(),
      deserializer: RawBytes(),
      options: options
    ) { try $0.message }
  }

  /// The status with which `body` is refused; nil if it is not.
  func refusal(_ body: (ServedEvents) async throws -> Void) async -> RPCError.Code? {
    do {
      try await body(self)
      return nil
    } catch let error as RPCError {
      return error.code
    } catch is CancellationError {
      // The caller went away itself.
      return .cancelled
    } catch {
      Issue.record("no status: \(error)")
      return nil
    }
  }
}

/// Messages that are bytes, sound or not.
private struct RawBytes: MessageSerializer, MessageDeserializer {
  func serialize<Bytes: GRPCContiguousBytes>(_ message: [UInt8]) throws -> Bytes { Bytes(message) }

  func deserialize<Bytes: GRPCContiguousBytes>(_ bytes: Bytes) throws -> [UInt8] {
    bytes.withUnsafeBytes { Array($0) }
  }
}

struct NoAdministration: LogAdministration {
  func facts() async throws(EventLogError) -> LogFacts {
    throw .unavailable("no administration here")
  }

  func verify(
    progress: @escaping @Sendable (GlobalPosition) -> Void
  ) async throws(EventLogError) {}
}
