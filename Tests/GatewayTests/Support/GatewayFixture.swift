internal import GRPCCore
internal import GRPCInProcessTransport
internal import Gateway
internal import HTTPClientDriver
internal import IdentityStandIn
internal import Logging
internal import ServiceLifecycle
internal import Synchronization

/// Runs work right here: tests have threads to spare.
struct Inline: BlockingWork {
  func run<R: Sendable>(_ body: @escaping @Sendable () throws -> R) async throws -> R {
    try body()
  }
}

/// A gateway on a loopback port over fake services.
struct GatewayFixture: Sendable {
  static let operatorToken = "operator-token-of-the-tests-0123456789abcdefg"
  let world: FakeWorld
  let identity: LocalIdentity
  let port: Int
  let http: HTTPClient
  let group: ServiceGroup

  static func run<R: Sendable>(
    _ change: (inout GatewayConfiguration) -> Void = { _ in },
    _ body: @Sendable (GatewayFixture) async throws -> R
  ) async throws -> R {
    let world = FakeWorld()
    let transport = InProcessTransport()
    let server = GRPCServer(
      transport: transport.server,
      services: [
        FakePosts(world: world), FakeUsers(world: world), FakeLog(world: world),
        FakeAdministration(), FakeAudit(world: world),
      ]
    )
    let client = GRPCClient(transport: transport.client)
    var configuration = GatewayConfiguration(cursorKey: Array(repeating: 7, count: 32))
    configuration.port = 0
    configuration.operatorToken = operatorToken
    configuration.allowedOrigins = ["https://app.example"]
    change(&configuration)
    var logger = Logger(label: "tests")
    logger.logLevel = .critical
    let upstreams = Upstreams(client)
    let origin = PublicOrigin(configuration)
    let identity = try LocalIdentity(
      store: MemoryIdentityStore(),
      origin: origin,
      upstreams: upstreams,
      blocking: Inline(),
      clock: configuration.clock,
      cost: .trivial,
      logger: logger
    )
    let (ports, found) = AsyncStream.makeStream(of: Int.self)
    let gateway = GatewayServer(
      configuration,
      upstreams: upstreams,
      keys: identity,
      origin: origin,
      extensions: [identity],
      registry: PrometheusRegistry(),
      logger: logger
    ) { found.yield($0) }
    let group = ServiceGroup(configuration: .init(services: [gateway], logger: logger))
    let http = try HTTPClient(name: "tests")
    return try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await server.serve() }
      tasks.addTask { try await client.runConnections() }
      tasks.addTask { try await group.run() }
      var iterator = ports.makeAsyncIterator()
      let port = await iterator.next() ?? 0
      let fixture = GatewayFixture(
        world: world,
        identity: identity,
        port: port,
        http: http,
        group: group
      )
      let result: Result<R, any Error>
      do { result = .success(try await body(fixture)) } catch { result = .failure(error) }
      http.shutdown()
      await group.triggerGracefulShutdown()
      client.beginGracefulShutdown()
      server.beginGracefulShutdown()
      tasks.cancelAll()
      while (try? await tasks.next()) != nil {}
      return try result.get()
    }
  }

  func send(
    _ method: String,
    _ path: String,
    _ body: String? = nil,
    token: String? = nil,
    _ headers: [String: String] = [:]
  ) async throws -> HTTPResponse {
    var all = headers.map { (name: $0.key, value: $0.value) }
    if body != nil, headers["Content-Type"] == nil {
      all.append(("Content-Type", "application/json"))
    }
    if let token { all.append(("Authorization", "Bearer " + token)) }
    return try await http.send(
      HTTPRequest(
        method,
        "http://127.0.0.1:\(port)" + path,
        headers: all,
        body: body.map { Array($0.utf8) },
        // An answer in parts, made by an unoptimised server on a busy machine, took over twenty.
        totalTimeout: .seconds(60)
      )
    )
  }

  func signUp(_ name: String) async throws -> (token: String, answer: JSONValue) {
    let response = try await send(
      "POST",
      "/identity/sign-ups",
      #"{"username":"\#(name)","email":"\#(name)@example.org","password":"correct horse"}"#
    )
    let answer = try JSONReader.value(of: response.body)
    return (answer["token"]?.text ?? "", answer)
  }

  func draft(_ token: String, _ title: String = "Tides") async throws -> String {
    let response = try await send("POST", "/v1/posts", #"{"title":"\#(title)"}"#, token: token)
    return try JSONReader.value(of: response.body)["id"]?.text ?? ""
  }
}

extension HTTPResponse {
  /// The slug of the problem that this is, or empty.
  var slug: String {
    guard head["content-type"] == "application/problem+json",
      let type = try? JSONReader.value(of: body)["type"]?.text
    else { return "" }
    return String(type.dropFirst("/problems/".count))
  }
}
