package import EventLogCore
package import GRPCCore
package import Schemas

/// The log as clients of UmaDB see it: `umadb.v1.DCB`.
///
/// - Shape: a thin value over an engine; what one protocol writes the other reads.
/// - Errors: a status whose `grpc-status-details-bin` holds an `ErrorResponse` of that protocol.
package struct UmaDBEndpoint: Sendable {
  let log: any EventLogEngine
  let store: EventStore

  /// Makes an endpoint over a log.
  package init(log: any EventLogEngine) {
    self.log = log
    store = EventStore(log)
  }
}

extension UmaDBEndpoint: Umadb_V1_DCB.SimpleServiceProtocol {
  package func append(
    request: Umadb_V1_AppendRequest,
    context: ServerContext
  ) async throws -> Umadb_V1_AppendResponse {
    try await answeringUmaDB {
      var answer = Umadb_V1_AppendResponse()
      answer.position = try await append(request).number
      return answer
    }
  }

  package func read(
    request: Umadb_V1_ReadRequest,
    response: RPCWriter<Umadb_V1_ReadResponse>,
    context: ServerContext
  ) async throws {
    try await answeringUmaDB {
      try await read(request, into: response, until: context.cancellation)
    }
  }

  package func subscribe(
    request: Umadb_V1_SubscribeRequest,
    response: RPCWriter<Umadb_V1_SubscribeResponse>,
    context: ServerContext
  ) async throws {
    try await answeringUmaDB {
      try await subscribe(request, into: response, until: context.cancellation)
    }
  }

  package func head(
    request: Umadb_V1_HeadRequest,
    context: ServerContext
  ) async throws -> Umadb_V1_HeadResponse {
    try await answeringUmaDB {
      var answer = Umadb_V1_HeadResponse()
      let head = try await log.head()
      if head > .start { answer.position = head.number }
      return answer
    }
  }

  package func getTrackingInfo(
    request: Umadb_V1_TrackingRequest,
    context: ServerContext
  ) async throws -> Umadb_V1_TrackingResponse {
    try await answeringUmaDB {
      var answer = Umadb_V1_TrackingResponse()
      if let mark = try await log.tracking(of: request.source) { answer.position = mark }
      return answer
    }
  }
}
