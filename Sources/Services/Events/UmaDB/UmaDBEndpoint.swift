package import EventLogCore
package import GRPCCore
internal import GRPCProtobuf
internal import Schemas
internal import SwiftProtobuf

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

extension UmaDBEndpoint: RegistrableRPCService {
  /// Registers what `Umadb_V1_DCB` would, with streams whose messages come encoded.
  package func registerMethods<Transport: ServerTransport>(
    with router: inout RPCRouter<Transport>
  ) {
    for call in directCalls { call.register(in: &router) }
    stream(Umadb_V1_DCB.Method.Read.descriptor, in: &router, read)
    stream(Umadb_V1_DCB.Method.Subscribe.descriptor, in: &router, subscribe)
  }

  /// Registers a call that is answered with a stream.
  private func stream<Transport: ServerTransport, Request: Message>(
    _ method: MethodDescriptor,
    in router: inout RPCRouter<Transport>,
    _ body:
      @escaping @Sendable (
        Request, RPCWriter<[UInt8]>, ServerContext.RPCCancellationHandle
      ) async throws -> Void
  ) {
    router.registerHandler(
      forMethod: method,
      deserializer: ProtobufDeserializer<Request>(),
      serializer: RawMessage()
    ) { request, context in
      let request = try await ServerRequest(stream: request)
      return StreamingServerResponse { writer in
        try await answeringUmaDB { try await body(request.message, writer, context.cancellation) }
        return [:]
      }
    }
  }
}

extension UmaDBEndpoint: DirectlyServed {
  var directCalls: [DirectCall] {
    [
      answer(Umadb_V1_DCB.Method.Append.descriptor) { request in
        var answer = Umadb_V1_AppendResponse()
        answer.position = try await append(request).number
        return answer
      },
      answer(Umadb_V1_DCB.Method.Head.descriptor) { (_: Umadb_V1_HeadRequest) in
        var answer = Umadb_V1_HeadResponse()
        let head = try await log.head()
        if head > .start { answer.position = head.number }
        return answer
      },
      answer(Umadb_V1_DCB.Method.GetTrackingInfo.descriptor) {
        (request: Umadb_V1_TrackingRequest) in
        var answer = Umadb_V1_TrackingResponse()
        if let mark = try await log.tracking(of: request.source) { answer.position = mark }
        return answer
      },
    ]
  }

  private func answer<Request: Message, Answer: Message>(
    _ method: MethodDescriptor,
    _ body: @escaping @Sendable (Request) async throws -> Answer
  ) -> DirectCall {
    DirectCall(method) { request in try await answeringUmaDB { try await body(request) } }
  }
}
