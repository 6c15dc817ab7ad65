internal import GRPCCore
internal import Synchronization

/// Carries calls between services of this process and whoever asks them, streams among them.
///
/// The in-process transport of the gRPC library keeps all that is written until it is read, and
/// what serves a call whose caller has left goes on. Here a writer waits for its reader, and whoever
/// leaves ends the other; the rest (interceptors, deadlines, errors, metadata) is gRPC's, as ever.
enum LocalTransport {
  /// Either end, as gRPC names it.
  static let peer = "in-process"
  /// Parts that may wait for their reader: messages are as large as some MiB, and two keep both ends
  /// busy.
  static let room = 2
}

extension LocalTransport {
  /// Where calls are served.
  final class Server: ServerTransport {
    typealias Bytes = [UInt8]

    private struct State {
      var isStopping = false
      var open: [ObjectIdentifier: LocalCall] = [:]
    }

    private let state = Mutex(State())
    private let calls = AsyncStream.makeStream(of: LocalCall.self)

    func listen(
      streamHandler:
        @escaping @concurrent @Sendable (RPCStream<Inbound, Outbound>, ServerContext) async -> Void
    ) async throws {
      await withDiscardingTaskGroup { group in
        for await call in calls.stream { group.addTask { await call.run(streamHandler) } }
      }
      // Cancelled, it leaves calls behind that nobody will serve.
      beginGracefulShutdown()
    }

    /// Takes no more calls and cancels those that run: whoever asked has been drained by then.
    func beginGracefulShutdown() {
      let open = state.withLock { state in
        state.isStopping = true
        return Array(state.open.values)
      }
      calls.continuation.finish()
      for call in open { call.cancel() }
    }

    /// Takes up a call; its caller closes it.
    fileprivate func open(_ method: MethodDescriptor) throws -> LocalCall {
      let call = LocalCall(method)
      let isTaken = state.withLock { state in
        guard !state.isStopping else { return false }
        state.open[ObjectIdentifier(call)] = call
        return true
      }
      guard isTaken else {
        throw RPCError(code: .unavailable, message: "the services of this process stop")
      }
      calls.continuation.yield(call)
      return call
    }

    fileprivate func close(_ call: LocalCall) {
      state.withLock { _ = $0.open.removeValue(forKey: ObjectIdentifier(call)) }
      call.leave()
    }
  }

  /// Where calls are made.
  final class Client: ClientTransport {
    typealias Bytes = [UInt8]

    private let server: Server
    private let ended = AsyncStream.makeStream(of: Never.self)

    init(server: Server) { self.server = server }

    var retryThrottle: RetryThrottle? { nil }

    func config(forMethod descriptor: MethodDescriptor) -> MethodConfig? { nil }

    /// There is no connection to keep: this waits for the end.
    func connect() async throws { for await _ in ended.stream {} }

    func beginGracefulShutdown() { ended.continuation.finish() }

    @concurrent func withStream<T: Sendable>(
      descriptor: MethodDescriptor,
      options: CallOptions,
      _ closure: @concurrent (RPCStream<Inbound, Outbound>, ClientContext) async throws -> T
    ) async throws -> T {
      let call = try server.open(descriptor)
      // Not waited for: what serves the call may take its time to end, and deadlines are to be kept.
      defer { server.close(call) }
      let context = ClientContext(
        descriptor: descriptor,
        remotePeer: LocalTransport.peer,
        localPeer: LocalTransport.peer
      )
      return try await withTaskCancellationHandler {
        try await closure(call.stream, context)
      } onCancel: {
        call.cancel()
      }
    }
  }
}
