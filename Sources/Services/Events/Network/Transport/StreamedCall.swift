internal import GRPCCore
internal import Synchronization

/// A call that gRPC serves, between its task and the loop of its connection.
final class StreamedCall: Sendable {
  typealias Handler =
    @concurrent @Sendable (RPCStream<WireTransport.Inbound, WireTransport.Outbound>, ServerContext)
    async -> Void

  private enum Phase {
    case waiting
    case running(ServerContext.RPCCancellationHandle)
    case cancelled
  }

  /// Who speaks with whom, as gRPC writes it.
  struct Peers: Sendable {
    let remote: String
    let local: String
  }

  let head: RequestHead
  let outbound: CallOutbound
  private let scope: CallScope
  private let peers: Peers
  private let inbound: CallInbound
  private let feed: AsyncThrowingStream<RPCRequestPart<[UInt8]>, any Error>.Continuation
  private let phase = Mutex(Phase.waiting)

  init(
    _ head: RequestHead,
    _ scope: CallScope,
    _ peers: Peers,
    onTaken: @escaping @Sendable () -> Void,
    send: @escaping @Sendable (CallOutbound.Part) -> Void
  ) {
    self.head = head
    self.scope = scope
    self.peers = peers
    outbound = CallOutbound(scope.room ?? AnswerRoom(), send)
    let (parts, feed) = AsyncThrowingStream.makeStream(of: RPCRequestPart<[UInt8]>.self)
    inbound = CallInbound(parts: parts, onTaken: onTaken)
    self.feed = feed
    feed.yield(.metadata(head.metadata))
  }

  /// Serves the call; returns once it is answered or given up.
  func run(_ handler: Handler) async {
    await withServerContextRPCCancellationHandle { handle in
      let isCancelled = phase.withLock { phase in
        if case .cancelled = phase { return true }
        phase = .running(handle)
        return false
      }
      if isCancelled { handle.cancel() }
      await CallScope.$current.withValue(scope) {
        await handler(
          RPCStream(
            descriptor: head.method,
            inbound: RPCAsyncSequence(wrapping: inbound),
            outbound: RPCWriter.Closable(wrapping: outbound)
          ),
          ServerContext(
            descriptor: head.method,
            remotePeer: peers.remote,
            localPeer: peers.local,
            cancellation: handle
          )
        )
      }
    }
    await outbound.finish()
  }

  func received(_ message: [UInt8]) { feed.yield(.message(message)) }

  /// The caller sends nothing more; an error tells that it broke off.
  func ended(_ error: RPCError? = nil) { feed.finish(throwing: error) }

  /// Tells whatever serves the call to come to its end.
  func cancel() {
    let handle = phase.withLock { phase -> ServerContext.RPCCancellationHandle? in
      guard case .running(let handle) = phase else {
        phase = .cancelled
        return nil
      }
      return handle
    }
    handle?.cancel()
  }
}
