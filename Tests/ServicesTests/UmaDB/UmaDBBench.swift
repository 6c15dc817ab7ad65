import EventLogCore
import EventLogInMemory
import EventsService
import GRPCCore
import GRPCInProcessTransport
import Schemas
import SwiftProtobuf
import Testing

typealias UmaDBAPI = Umadb_V1_DCB

/// The endpoint over a log in memory, reached by gRPC.
struct UmaDBBench: Sendable {
  let log: InMemoryEventLog
  let client: UmaDBAPI.Client<InProcessTransport.Client>
  let server: GRPCServer<InProcessTransport.Server>

  /// Runs `body` while the endpoint answers.
  static func run(
    _ interceptors: [any ServerInterceptor] = [],
    _ body: @Sendable @escaping (UmaDBBench) async throws -> Void
  ) async throws {
    let log = InMemoryEventLog()
    let transport = InProcessTransport()
    let server = GRPCServer(
      transport: transport.server,
      services: [UmaDBEndpoint(log: log)],
      interceptors: interceptors
    )
    let client = GRPCClient(transport: transport.client)
    let bench = UmaDBBench(log: log, client: UmaDBAPI.Client(wrapping: client), server: server)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await server.serve() }
      group.addTask { try await client.runConnections() }
      defer { group.cancelAll() }
      try await body(bench)
      client.beginGracefulShutdown()
      server.beginGracefulShutdown()
    }
    await log.close()
  }

  @discardableResult
  func append(
    _ events: [Umadb_V1_Event],
    if condition: Umadb_V1_AppendCondition? = nil,
    tracking: (source: String, position: UInt64)? = nil
  ) async throws -> UInt64 {
    try await client.append(
      .with {
        $0.events = events
        if let condition { $0.condition = condition }
        if let tracking {
          $0.trackingInfo.source = tracking.source
          $0.trackingInfo.position = tracking.position
        }
      }
    ).position
  }

  func messages(
    _ fill: (inout Umadb_V1_ReadRequest) -> Void = { _ in }
  ) async throws -> [Umadb_V1_ReadResponse] {
    var request = Umadb_V1_ReadRequest()
    fill(&request)
    return try await messages(request)
  }

  func messages(_ request: Umadb_V1_ReadRequest) async throws -> [Umadb_V1_ReadResponse] {
    try await client.read(request) { response in
      var messages: [Umadb_V1_ReadResponse] = []
      for try await message in response.messages { messages.append(message) }
      return messages
    }
  }

  func positions(
    _ fill: (inout Umadb_V1_ReadRequest) -> Void = { _ in }
  ) async throws -> [UInt64] {
    try await messages(fill).flatMap { $0.events.map(\.position) }
  }

  func positions(_ request: Umadb_V1_ReadRequest) async throws -> [UInt64] {
    try await messages(request).flatMap { $0.events.map(\.position) }
  }

  func events() async throws -> [Umadb_V1_Event] {
    try await messages().flatMap { $0.events.map(\.event) }
  }

  /// The first `count` events of a subscription.
  func subscribed(
    _ count: Int,
    _ fill: (inout Umadb_V1_SubscribeRequest) -> Void = { _ in }
  ) async throws -> [UInt64] {
    var request = Umadb_V1_SubscribeRequest()
    fill(&request)
    return try await client.subscribe(request) { response in
      var positions: [UInt64] = []
      for try await message in response.messages {
        positions += message.events.map(\.position)
        if positions.count >= count { break }
      }
      return positions
    }
  }
}

extension Umadb_V1_Event {
  static func named(
    _ type: String,
    _ tags: [String] = [],
    uuid: String = "",
    data: [UInt8] = [],
    metadata: [(String, String)] = []
  ) -> Umadb_V1_Event {
    .with {
      $0.eventType = type
      $0.tags = tags
      $0.uuid = uuid
      $0.data = protobufBytes(data)
      $0.metadata = metadata.map { entry in
        .with { ($0.key, $0.value) = entry }
      }
    }
  }
}

extension Umadb_V1_Query {
  static func of(_ items: (types: [String], tags: [String])...) -> Umadb_V1_Query {
    .with { $0.items = items.map { item in .with { ($0.types, $0.tags) = item } } }
  }
}

extension Umadb_V1_AppendCondition {
  static func none(of query: Umadb_V1_Query, after: UInt64? = nil) -> Umadb_V1_AppendCondition {
    .with {
      $0.failIfEventsMatch = query
      if let after { $0.after = after }
    }
  }
}

/// What a refused call said, with the details that clients of the protocol read.
struct UmaDBRefusal: Equatable, CustomStringConvertible {
  let code: RPCError.Code
  let type: Umadb_V1_ErrorResponse.ErrorType
  let message: String

  var description: String { "\(code) \(type): \(message)" }

  /// The refusal of a call; an accepted one fails the test.
  static func of(
    sourceLocation: SourceLocation = #_sourceLocation,
    _ call: () async throws -> Void
  ) async throws -> UmaDBRefusal {
    var refusal: RPCError?
    do {
      try await call()
    } catch let error as RPCError {
      refusal = error
    }
    let error = try #require(refusal, sourceLocation: sourceLocation)
    let trailers = Array(error.metadata[binaryValues: "grpc-status-details-bin"])
    let bytes = try #require(trailers.first, sourceLocation: sourceLocation)
    let details = try Umadb_V1_ErrorResponse(serializedBytes: bytes)
    #expect(details.message == error.message, sourceLocation: sourceLocation)
    return UmaDBRefusal(code: error.code, type: details.errorType, message: details.message)
  }
}
