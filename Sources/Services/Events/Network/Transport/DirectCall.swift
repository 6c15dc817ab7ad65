internal import GRPCCore
internal import GRPCProtobuf
internal import SwiftProtobuf

/// A call with one request and one answer that is served where it comes in.
///
/// What gRPC sets up for a stream costs several times what a short append does; these calls go
/// without, under the same checks.
struct DirectCall: Sendable {
  let method: MethodDescriptor
  let entry: CallTable.Entry
  /// What of a request is counted before it is decoded.
  let shape: WireShape?
  /// Decodes a request, serves it and encodes the answer.
  let answer: @Sendable ([UInt8]) async throws -> [UInt8]

  /// Makes one of a function over messages.
  init<Request: Message, Answer: Message>(
    _ method: MethodDescriptor,
    _ body: @escaping @Sendable (Request) async throws -> Answer
  ) {
    self.method = method
    entry = CallTable.entry(method)
    shape = WireShape.of(method)
    answer = { bytes in
      let request = try ProtobufDeserializer<Request>().deserialize(bytes)
      return try ProtobufSerializer<Answer>().serialize(try await body(request))
    }
  }
}

extension DirectCall {
  /// Lets gRPC serve the call where it comes in by another transport.
  func register<Transport: ServerTransport>(in router: inout RPCRouter<Transport>) {
    router.registerHandler(
      forMethod: method,
      deserializer: RawMessage(),
      serializer: RawMessage()
    ) { request, _ in
      let request = try await ServerRequest(stream: request)
      let message = try await self.answer(request.message)
      return StreamingServerResponse(single: ServerResponse(message: message))
    }
  }
}

/// Messages as they are on the wire.
struct RawMessage: MessageSerializer, MessageDeserializer {
  func serialize<Bytes: GRPCContiguousBytes>(_ message: [UInt8]) throws -> Bytes { Bytes(message) }

  func deserialize<Bytes: GRPCContiguousBytes>(_ bytes: Bytes) throws -> [UInt8] {
    bytes.withUnsafeBytes { Array($0) }
  }
}

/// A service some of whose calls are served directly; all of them can also be served by gRPC.
protocol DirectlyServed {
  var directCalls: [DirectCall] { get }
}

/// The calls that are served directly, and what they must pass first.
struct DirectCalls: Sendable {
  // By name: what else a descriptor says of a call, a request does not.
  private let calls: [String: DirectCall]
  private let check: TokenCheck?
  private let pin: LogPin
  let deadlines: CallDeadlines

  init(_ calls: [DirectCall], check: TokenCheck?, pin: LogPin, deadlines: CallDeadlines) {
    self.calls = Dictionary(calls.map { ($0.method.fullyQualifiedMethod, $0) }) { first, _ in
      first
    }
    self.check = check
    self.pin = pin
    self.deadlines = deadlines
  }

  /// The call of that name; nil if it is gRPC's.
  subscript(method: MethodDescriptor) -> DirectCall? { calls[method.fullyQualifiedMethod] }

  /// Refuses a call of somebody who may not make it.
  func admit(_ head: RequestHead, _ entry: CallTable.Entry) throws(RPCError) {
    try check?.admit(head, entry)
  }

  /// Serves a call that was admitted: the outcome is what the caller is told.
  func serve(
    _ call: DirectCall,
    _ head: RequestHead,
    _ scope: CallScope,
    _ message: [UInt8]
  ) async -> Result<[UInt8], RPCError> {
    do {
      try await pin.check(head.metadata)
      // It may have waited for a thread until its time was over: nobody hears the answer then.
      try Task.checkCancellation()
      return .success(
        try await CallScope.$current.withValue(scope) { try await call.answer(message) }
      )
    } catch {
      if Task.isCancelled, CallEnd.isCancellation(error) {
        return .failure(CallEnd.reason(scope.end))
      }
      if let error = error as? RPCError { return .failure(error) }
      return .failure(RPCError(code: .unknown, message: "the call failed: \(type(of: error))"))
    }
  }
}
