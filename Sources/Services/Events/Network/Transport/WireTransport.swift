internal import EventLogCore
internal import GRPCCore
internal import HTTP2Driver
internal import Logging
internal import NIOCore
internal import NIOPosix
internal import NIOSSL
internal import Schemas
internal import Synchronization

/// Where calls come in: listens at a port and hands them to gRPC, or serves them directly.
///
/// HTTP/2 is nghttp2's, sockets and TLS are NIO's, calls are gRPC's, but for the few that are so
/// short that what gRPC sets up for a stream would be most of their cost.
final class WireTransport: ServerTransport {
  typealias Bytes = [UInt8]

  private struct State {
    var isStopping = false
    var isListening = false
    var listener: (any Channel)?
    var connections: [ObjectIdentifier: WireConnection] = [:]

    /// Whether no call can come any more.
    var isOver: Bool { isStopping && !isListening && connections.isEmpty }
  }

  private let settings: EventServerSettings
  private let http2: HTTP2Settings
  private let bounds: ConnectionBounds
  private let direct: DirectCalls
  private let logger: Logger
  private let group = MultiThreadedEventLoopGroup.singleton
  private let executors: [ObjectIdentifier: LoopExecutor]
  private let state = Mutex(State())
  private let ports = AsyncStream.makeStream(of: Int.self)
  private let calls = AsyncStream.makeStream(of: StreamedCall.self)

  init(_ settings: EventServerSettings, _ direct: DirectCalls, _ logger: Logger) {
    self.settings = settings
    self.direct = direct
    self.logger = logger
    var http2 = HTTP2Settings()
    http2.streams = UInt32(clamping: settings.streamsPerConnection)
    // Two requests of the largest size may be on their way on a connection, and half of one on
    // each of its streams.
    http2.streamWindow = Int32(EventCalls.requestBytes / 2)
    http2.connectionWindow = Int32(2 * EventCalls.requestBytes)
    self.http2 = http2
    bounds = ConnectionBounds(settings)
    executors = Dictionary(
      uniqueKeysWithValues: group.makeIterator().map { (ObjectIdentifier($0), LoopExecutor($0)) }
    )
  }

  /// The port, once it is bound; nil if it never is.
  var port: Int? {
    get async { await ports.stream.first { _ in true } }
  }

  func listen(
    streamHandler:
      @escaping @concurrent @Sendable (RPCStream<Inbound, Outbound>, ServerContext) async -> Void
  ) async throws {
    defer { ports.continuation.finish() }
    try await bind()
    await withTaskCancellationHandler {
      await withDiscardingTaskGroup { group in
        for await call in calls.stream { group.addTask { await call.run(streamHandler) } }
      }
    } onCancel: {
      // Whoever did not end within its time hears no answer.
      closeAll()
    }
    closeAll()
    await closed()
  }

  func beginGracefulShutdown() {
    let (listener, connections) = state.withLock { state in
      state.isStopping = true
      return (state.listener, Array(state.connections.values))
    }
    listener?.close(promise: nil)
    for connection in connections { connection.stop() }
    endIfOver()
  }

  private func closeAll() {
    beginGracefulShutdown()
    for connection in state.withLock({ Array($0.connections.values) }) { connection.close() }
  }

  /// Waits until the sockets are closed: whoever comes next may take the port at once.
  private func closed() async {
    let ends = state.withLock { state in
      (state.listener.map { [$0.closeFuture] } ?? []) + state.connections.values.map(\.closed)
    }
    // They end well or not; either way the socket is gone.
    for end in ends { try? await end.get() }
  }

  private func endIfOver() {
    if state.withLock({ $0.isOver }) { calls.continuation.finish() }
  }

  private func bind() async throws {
    let tls = try settings.certificate.map(Self.tls)
    let limit = ListenerGuard.limit(connections: settings.connections)
    let open = ConnectionCount()
    let host = settings.host == "localhost" ? "127.0.0.1" : settings.host
    guard
      state.withLock({ state in
        guard !state.isStopping else { return false }
        state.isListening = true
        return true
      })
    else { return calls.continuation.finish() }
    let listener: any Channel
    do {
      listener = try await ServerBootstrap(group: group)
        .serverChannelOption(.backlog, value: Self.backlog)
        .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
        .serverChannelInitializer { [logger] channel in
          channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandler(
              ListenerGuard(limit: limit, logger: logger, open: open)
            )
          }
        }
        .childChannelInitializer { channel in
          channel.eventLoop.makeCompletedFuture { try self.prepare(channel, tls) }
        }
        .bind(host: host, port: settings.port)
        .get()
    } catch {
      state.withLock { $0.isListening = false }
      endIfOver()
      throw error
    }
    listener.closeFuture.whenComplete { _ in
      self.state.withLock { $0.isListening = false }
      self.endIfOver()
    }
    let isStopping = state.withLock { state in
      state.listener = listener
      return state.isStopping
    }
    if isStopping { listener.close(promise: nil) }
    if let port = listener.localAddress?.port { ports.continuation.yield(port) }
  }

  /// Connections that the system takes up while the process is busy.
  private static let backlog: Int32 = 1024

  private func prepare(_ channel: any Channel, _ tls: NIOSSLContext?) throws {
    let connection = WireConnection(
      channel,
      http2,
      bounds,
      direct,
      executors[ObjectIdentifier(channel.eventLoop)] ?? LoopExecutor(channel.eventLoop),
      accept: { [calls] call in calls.continuation.yield(call) },
      onClosed: { connection in
        self.state.withLock { $0.connections[ObjectIdentifier(connection)] = nil }
        self.endIfOver()
      }
    )
    let pipeline = channel.pipeline.syncOperations
    // In front of everything, TLS too: there it sees bytes, and closes without asking anybody.
    try pipeline.addHandler(ConnectionGuard(connection))
    if let tls { try pipeline.addHandler(NIOSSLServerHandler(context: tls)) }
    try pipeline.addHandler(connection)
    // From now on the end of the channel takes it out again.
    let isStopping = state.withLock { state in
      state.connections[ObjectIdentifier(connection)] = connection
      return state.isStopping
    }
    if isStopping { connection.stop() }
  }

  private static func tls(
    _ certificate: EventServerSettings.Certificate
  ) throws -> NIOSSLContext {
    let chain: [NIOSSLCertificate]
    do {
      chain = try NIOSSLCertificate.fromPEMFile(certificate.chain)
    } catch {
      throw UnusableCertificate("the certificate chain \(certificate.chain)", error)
    }
    let key: NIOSSLPrivateKey
    do {
      key = try NIOSSLPrivateKey(file: certificate.key, format: .pem)
    } catch {
      throw UnusableCertificate("the key \(certificate.key)", error)
    }
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: chain.map { .certificate($0) },
      privateKey: .privateKey(key)
    )
    configuration.minimumTLSVersion = .tlsv12
    configuration.applicationProtocols = ["grpc-exp", "h2"]
    do {
      return try NIOSSLContext(configuration: configuration)
    } catch {
      throw UnusableCertificate("\(certificate.chain) with the key \(certificate.key)", error)
    }
  }
}
