import EventLogCore
import EventLogInMemory
import GRPCCore
import GRPCInProcessTransport
import Logging
import MessagingCore
import MessagingInProcess
import PostsService
import ProjectionsCore
import Schemas
import ServiceKit
import Synchronization
import UsersService

typealias UsersAPI = Wordweave_Users_V1_Users
typealias PostsAPI = Wordweave_Posts_V1_Posts

/// Users and Posts over a log and read models in memory, reached by gRPC.
struct Platform: Sendable {
  let log: InMemoryEventLog
  let store: EventStore
  let users: UsersAPI.Client<InProcessTransport.Client>
  let posts: PostsAPI.Client<InProcessTransport.Client>
  let clock: TestClock

  /// Runs `body` while everything runs.
  static func run(_ body: @Sendable @escaping (Platform) async throws -> Void) async throws {
    let clock = TestClock()
    let log = InMemoryEventLog(clock: { clock.now })
    let store = EventStore(log)
    let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
    let model = try ReadModelStore(InMemoryReadModelEngine())
    let runtime = ProjectionRuntime(store: model, log: log, logger: logger)
    let host = HandlerHost(log: log, feed: InProcessFeed(), logger: logger)
    let transport = InProcessTransport()
    let client = GRPCClient(transport: transport.client)
    let context = ServiceContext(
      eventStore: store,
      projections: runtime,
      grpc: TestClients(client: client),
      clock: { clock.now },
      logger: logger
    )
    let modules: [any ServiceModule.Type] = [UsersModule.self, PostsModule.self]
    let services = try modules.flatMap { try $0.assemble(context).grpcServices }
    let server = GRPCServer(transport: transport.server, services: services)
    let platform = Platform(
      log: log,
      store: store,
      users: UsersAPI.Client(wrapping: client),
      posts: PostsAPI.Client(wrapping: client),
      clock: clock
    )
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await server.serve() }
      group.addTask { try await client.runConnections() }
      group.addTask { await host.run() }
      group.addTask {
        try? await runtime.run(lanes: FeedLanes(host, logger: logger))
      }
      defer { group.cancelAll() }
      try await body(platform)
      client.beginGracefulShutdown()
      server.beginGracefulShutdown()
    }
  }
}

/// A clock that stands still until it is moved.
final class TestClock: Sendable {
  private let time = Mutex(Timestamp(microseconds: 1_790_000_000_000_000))
  var now: Timestamp { time.withLock { $0 } }
  func move(by duration: Duration) { time.withLock { $0 = $0.advanced(by: duration) } }
}

private struct TestClients: ServiceClients {
  let client: GRPCClient<InProcessTransport.Client>
  func users() -> any UsersAPI.ClientProtocol { UsersAPI.Client(wrapping: client) }
}

/// What a test's call says beside its request.
struct Call {
  var metadata: GRPCCore.Metadata = [:]

  static let nobody = Call()
  static let `operator` = Call.as("operator", "operator")

  static func `as`(_ id: String, _ roles: String = "") -> Call {
    var call = Call()
    call.metadata.addString(id, forKey: CallKeys.actor)
    if !roles.isEmpty { call.metadata.addString(roles, forKey: CallKeys.roles) }
    return call
  }

  func with(_ key: String, _ value: some CustomStringConvertible) -> Call {
    var call = self
    call.metadata.replaceOrAddString(value.description, forKey: key)
    return call
  }

  /// Reads must reflect a position; they wait for it as long as they may, on a busy machine too.
  func after(_ position: UInt64) -> Call {
    with(CallKeys.minPosition, position)
      .with(CallKeys.patience, UInt64(CallContext.longestPatience.components.seconds) * 1000)
  }
}

/// An answer with the metadata that a test looks at.
struct Answered<Message: Sendable>: Sendable {
  let message: Message
  let position: UInt64
  let isReplayed: Bool

  init(_ response: ClientResponse<Message>) throws {
    message = try response.message
    let position = response.metadata[stringValues: CallKeys.position].first { _ in true }
    self.position = position.flatMap { UInt64($0) } ?? 0
    isReplayed = response.metadata[stringValues: CallKeys.replayed].contains("1")
  }
}

/// What a refused call said.
struct Refusal: Equatable, CustomStringConvertible {
  let code: RPCError.Code
  /// The rejection's code, or the member and what is wrong with it.
  let detail: String

  init(_ code: RPCError.Code, _ detail: String = "") {
    self.code = code
    self.detail = detail
  }

  var description: String { "\(code) \(detail)" }
}

/// The refusal of a call; nil if it was accepted.
func refusal(_ call: () async throws -> Void) async -> Refusal? {
  do {
    try await call()
    return nil
  } catch let error as RPCError {
    func text(_ key: String) -> String? { error.metadata[stringValues: key].first { _ in true } }
    let field = text(CallKeys.field).map { $0 + " " + (text(CallKeys.code) ?? "") }
    return Refusal(error.code, text(CallKeys.rejection) ?? field ?? text(CallKeys.reason) ?? "")
  } catch {
    return Refusal(.unknown, "\(error)")
  }
}
