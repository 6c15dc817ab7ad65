internal import GRPCCore
internal import Synchronization

/// A call within this process, between the task that makes it and the one that serves it.
///
/// Each end learns that the other has gone: a caller that leaves cancels whatever serves the call,
/// and once it was served, nothing that the caller writes is waited with.
final class LocalCall: Sendable {
  typealias CallerStream =
    RPCStream<LocalTransport.Client.Inbound, LocalTransport.Client.Outbound>
  typealias ServiceStream =
    RPCStream<LocalTransport.Server.Inbound, LocalTransport.Server.Outbound>
  typealias Handler = @concurrent @Sendable (ServiceStream, ServerContext) async -> Void

  private enum Phase {
    case waiting
    case running(Task<Void, Never>, ServerContext.RPCCancellationHandle)
    case over
  }

  private let method: MethodDescriptor
  private let requests = Passage<RPCRequestPart<[UInt8]>>(room: LocalTransport.room)
  private let responses = Passage<RPCResponsePart<[UInt8]>>(room: LocalTransport.room)
  private let phase = Mutex(Phase.waiting)

  init(_ method: MethodDescriptor) { self.method = method }

  /// The caller's end.
  var stream: CallerStream {
    RPCStream(
      descriptor: method,
      inbound: RPCAsyncSequence(wrapping: responses),
      outbound: RPCWriter.Closable(wrapping: RequestWriter(requests: requests))
    )
  }

  /// Serves the call; returns once it is answered or given up.
  func run(_ handler: @escaping Handler) async {
    await withServerContextRPCCancellationHandle { handle in
      let stream = ServiceStream(
        descriptor: method,
        inbound: RPCAsyncSequence(wrapping: requests),
        outbound: RPCWriter.Closable(wrapping: ResponseWriter(responses: responses))
      )
      let context = ServerContext(
        descriptor: method,
        remotePeer: LocalTransport.peer,
        localPeer: LocalTransport.peer,
        cancellation: handle
      )
      // A task of its own: a child of the transport's group could not be cancelled alone.
      let work = Task { await handler(stream, context) }
      begin(work, handle)
      await withTaskCancellationHandler {
        await work.value
      } onCancel: {
        cancel()
      }
    }
    phase.withLock { $0 = .over }
    requests.leave()
    responses.end(.failure(Self.unanswered))
  }

  private func begin(
    _ work: Task<Void, Never>,
    _ handle: ServerContext.RPCCancellationHandle
  ) {
    let isOver = phase.withLock { phase in
      if case .over = phase { return true }
      phase = .running(work, handle)
      return false
    }
    guard isOver else { return }
    handle.cancel()
    work.cancel()
  }

  /// Cancels whatever serves the call.
  ///
  /// gRPC's flag alone would be seen by those who look at it, which few do.
  func cancel() {
    let before = phase.withLock { phase in
      defer { phase = .over }
      return phase
    }
    switch before {
    case .waiting: responses.end(.failure(Self.unanswered))
    case .running(let work, let handle):
      handle.cancel()
      work.cancel()
    case .over: break
    }
  }

  /// The caller has left, with the whole answer or without.
  func leave() {
    // First, so that whoever learns that it has left is cancelled by then.
    cancel()
    // A request that was not finished by then is no whole one.
    requests.end(.failure(RPCError(code: .cancelled, message: "the caller went away")))
    responses.leave()
  }

  private static let unanswered = RPCError(
    code: .unavailable,
    message: "the call ended early: the services of this process stop"
  )
}

/// What is asked, part by part, as gRPC writes it.
private struct RequestWriter: ClosableRPCWriterProtocol {
  typealias Element = RPCRequestPart<[UInt8]>

  let requests: Passage<Element>

  func write(_ element: Element) async throws { try await requests.send(element) }

  func write(contentsOf elements: some Sequence<Element>) async throws {
    for element in elements { try await write(element) }
  }

  func finish() async { requests.end() }

  func finish(throwing error: any Error) async { requests.end(.failure(error)) }
}

/// What is answered, part by part, as gRPC writes it.
private struct ResponseWriter: ClosableRPCWriterProtocol {
  typealias Element = RPCResponsePart<[UInt8]>

  let responses: Passage<Element>

  func write(_ element: Element) async throws {
    switch element {
    case .message: try await responses.send(element)
    case .metadata: try responses.put(element)
    case .status:
      try responses.put(element)
      responses.end()
    }
  }

  func write(contentsOf elements: some Sequence<Element>) async throws {
    for element in elements { try await write(element) }
  }

  /// Without a status before it, the answer must not pass for a whole one.
  func finish() async {
    responses.end(
      .failure(RPCError(code: .unavailable, message: "the call ended without a status"))
    )
  }

  func finish(throwing error: any Error) async { responses.end(.failure(error)) }
}
