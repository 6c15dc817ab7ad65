internal import EventLogCore
internal import GRPCCore
internal import Glibc
internal import HTTP2Driver
internal import Logging
internal import NIOCore

/// One connection: HTTP/2 between a socket and the calls on it.
///
/// `@unchecked Sendable`: touched on its loop alone, but for `stop` and `close`, which go there.
final class WireConnection: ChannelInboundHandler, @unchecked Sendable {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  /// Pings without any other traffic within a beat of the pulse; who sends more is dropped.
  ///
  /// Clients ping every few seconds, and with what they send; four a second is no keepalive.
  static let pingsPerBeat = 20
  /// Bytes of requests that are not whole yet, or that gRPC serves, over all calls: as many as the
  /// log would queue.
  static let unfinishedBound = EventLogLimits.queuedBytes
  /// Bytes handed to the socket at once.
  private static let outputBytes = 64 << 10
  /// Bytes that the system takes and has not sent yet: so many that the line does not run dry.
  ///
  /// By itself it takes megabytes of each connection whose other end reads slowly, beside the room
  /// for answers, and the answer to a ping waits behind them all.
  private static let unsentBytes: Int = 256 << 10
  /// How long calls that are on their way to a server that stops are waited for.
  private static let goodbye = TimeAmount.seconds(1)
  /// Between two looks at whether the last of a connection has arrived: a few would be seen by nobody.
  private static let confirmationPace = TimeAmount.milliseconds(20)
  /// How long the last of a connection that ends may stand still; of who reads nothing it would
  /// never go out.
  private static let lastWords = TimeAmount.seconds(5)

  let loop: any EventLoop
  /// Done once the socket is closed.
  let closed: EventLoopFuture<Void>
  let executor: LoopExecutor
  let bounds: ConnectionBounds
  let direct: DirectCalls
  /// The room for answers that wait.
  let room: AnswerRoom
  /// Hands a call to gRPC.
  let accept: @Sendable (StreamedCall) -> Void
  private(set) var peers = StreamedCall.Peers(remote: "unknown", local: "unknown")
  private(set) var isStopping = false

  private let settings: HTTP2Settings
  private let onClosed: @Sendable (WireConnection) -> Void
  private let token = UInt64.random(in: .min ... .max)
  private var context: ChannelHandlerContext?
  private var session: HTTP2Session?
  private var pulse = ConnectionPulse()
  private var pings = 0
  private var isFlushScheduled = false
  /// Whether it is closed once the last is sent; what still comes in is dropped.
  private var isClosing = false
  /// Whether it is closed for the socket as well.
  private var hasClosed = false
  /// Whether answers that stand still are looked for.
  private(set) var isWatching = false
  /// Whether some of any answer has gone out since they are.
  private var hasMoved = false
  private var calls: [Int32: WireCall] = [:]
  /// Calls that began with what is read just now.
  private var fresh: [WireCall] = []
  /// What is kept of requests that are not whole yet, or that gRPC serves.
  var unfinishedBytes = 0
  /// Streams of calls that nobody needs a right for.
  var openStreams = 0
  /// Closes without a word, before TLS asks for one; set by whoever stands there.
  var onGiveUp: (() -> Void)?

  init(
    _ channel: any Channel,
    _ settings: HTTP2Settings,
    _ bounds: ConnectionBounds,
    _ direct: DirectCalls,
    _ executor: LoopExecutor,
    accept: @escaping @Sendable (StreamedCall) -> Void,
    onClosed: @escaping @Sendable (WireConnection) -> Void
  ) {
    loop = channel.eventLoop
    closed = channel.closeFuture
    self.executor = executor
    self.settings = settings
    self.bounds = bounds
    self.direct = direct
    room = AnswerRoom(bytes: bounds.answerBytes)
    self.accept = accept
    self.onClosed = onClosed
  }

  /// Takes no more calls, ends streams, and closes once the others are answered.
  func stop() { loop.execute { self.beginStopping() } }

  /// Closes at once.
  func close() { loop.execute { self.context?.close(mode: .all, promise: nil) } }

  private func beginStopping() {
    guard !isStopping else { return }
    isStopping = true
    guard let session else { return }
    session.announceEnd()
    for call in calls.values { call.quiesce() }
    flush()
    loop.scheduleTask(in: session.openStreams == 0 ? .zero : Self.goodbye) {
      self.session?.refuseStreams()
      self.flush()
    }
  }

  // MARK: The socket

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    if context.channel.isActive { begin(context) }
  }

  func handlerRemoved(context: ChannelHandlerContext) { end() }

  func channelActive(context: ChannelHandlerContext) {
    begin(context)
    context.fireChannelActive()
  }

  func channelInactive(context: ChannelHandlerContext) {
    end()
    context.fireChannelInactive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard let session, !isClosing else { return }
    do {
      try unwrapInboundIn(data).withUnsafeReadableBytes { try session.receive($0) }
    } catch {
      giveUp()
    }
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    // Most requests are whole at once, and need no clock.
    for call in fresh { call.arm() }
    fresh.removeAll(keepingCapacity: true)
    flush()
    context.fireChannelReadComplete()
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if context.channel.isWritable { flush() }
    context.fireChannelWritabilityChanged()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    // The other end broke off, or speaks no TLS.
    context.close(mode: .all, promise: nil)
  }

  private func begin(_ context: ChannelHandlerContext) {
    guard session == nil else { return }
    peers = StreamedCall.Peers(
      remote: Self.text(context.remoteAddress),
      local: Self.text(context.localAddress)
    )
    bound(unsent: Self.unsentBytes, context)
    do {
      session = try HTTP2Session(settings, self)
      flush()
    } catch {
      context.close(mode: .all, promise: nil)
    }
    if isStopping {
      isStopping = false
      beginStopping()
    }
  }

  private func end() {
    guard context != nil else { return }
    context = nil
    session = nil
    let open = calls.values
    calls = [:]
    fresh = []
    for call in open { call.closed() }
    onClosed(self)
  }

  /// Says how much the system takes before it has sent it; one that cannot be told takes what it
  /// likes.
  private func bound(unsent bytes: Int, _ context: ChannelHandlerContext) {
    let option = NIOBSDSocket.Option(rawValue: TCP_NOTSENT_LOWAT)
    try? context.channel.syncOptions?.setOption(.tcpOption(option), value: bytes)
  }

  private static func text(_ address: SocketAddress?) -> String {
    guard let address, let host = address.ipAddress, let port = address.port else {
      return "unknown"
    }
    return host.contains(":") ? "ipv6:[\(host)]:\(port)" : "ipv4:\(host):\(port)"
  }

  // MARK: What goes out

  /// Sends what there is once this turn of the loop is over, so that answers go out together.
  func scheduleFlush() {
    guard !isFlushScheduled else { return }
    isFlushScheduled = true
    loop.execute {
      self.isFlushScheduled = false
      self.flush()
    }
  }

  private func flush() {
    guard let context, let session, !isClosing else { return }
    var isMore = true
    var hasWritten = false
    do {
      while isMore, context.channel.isWritable {
        var buffer = context.channel.allocator.buffer(capacity: 512)
        while isMore, buffer.readableBytes < Self.outputBytes {
          isMore = try session.output { bytes in _ = buffer.writeBytes(bytes) }
        }
        guard buffer.readableBytes > 0 else { break }
        context.write(wrapOutboundOut(buffer), promise: nil)
        hasWritten = true
        // Handed over in pieces: between them the socket may have had enough.
        if isMore { context.flush() }
      }
    } catch {
      return giveUp()
    }
    if hasWritten { context.flush() }
    if session.isOver { closeWhenSent(context) }
  }

  /// Closes once the other end's system has all of it.
  ///
  /// What still comes in is read until then: of a socket that was closed, the system answers it with
  /// a reset, and drops what it has not sent.
  private func closeWhenSent(_ context: ChannelHandlerContext) {
    guard !isClosing else { return }
    isClosing = true
    // Nothing follows: what the system has taken, it sends however slowly it is read.
    bound(unsent: .max, context)
    let last = context.channel.allocator.buffer(capacity: 0)
    context.writeAndFlush(wrapOutboundOut(last)).whenComplete { _ in self.closeOnceConfirmed() }
    giveUpOnceStill(waiting: Self.waitingBytes(context), confirmed: 0)
  }

  private func closeOnceConfirmed() {
    guard let context, !hasClosed else { return }
    TransmissionState.of(context.channel).assumeIsolated().whenComplete { result in
      if case .success(let state) = result, state.isUnderWay {
        self.loop.scheduleTask(in: Self.confirmationPace) { self.closeOnceConfirmed() }
        return
      }
      self.hasClosed = true
      context.close(mode: .all, promise: nil)
    }
  }

  /// Gives up once the other end takes no more of what waits for it.
  private func giveUpOnceStill(waiting before: Int, confirmed: UInt64) {
    loop.scheduleTask(in: Self.lastWords) {
      // TLS says goodbye, for which it has a time of its own.
      guard let context = self.context, !self.hasClosed else { return }
      TransmissionState.of(context.channel).assumeIsolated().whenComplete { result in
        let waiting = Self.waitingBytes(context)
        let now = (try? result.get())?.confirmedBytes ?? 0
        guard waiting < before || now > confirmed else { return self.giveUp() }
        self.giveUpOnceStill(waiting: waiting, confirmed: now)
      }
    }
  }

  /// Bytes that the socket has not taken yet.
  private static func waitingBytes(_ context: ChannelHandlerContext) -> Int {
    (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
  }

  /// Closes at once and without a word: the session is of no use, or nobody reads what is left.
  private func giveUp() {
    isClosing = true
    session = nil
    if let onGiveUp { onGiveUp() } else { context?.close(mode: .all, promise: nil) }
  }

  private func giveUpLater() {
    loop.scheduleTask(in: Self.lastWords) {
      guard self.context != nil else { return }
      self.giveUp()
    }
  }

  func respond(to stream: HTTP2Stream, _ head: [HTTP2Header], isLast: Bool = false) {
    pings = 0
    session?.respond(to: stream, head, isLast: isLast)
  }

  func write(_ bytes: [UInt8], to stream: HTTP2Stream) {
    pings = 0
    session?.write(bytes, to: stream)
  }

  func end(_ stream: HTTP2Stream, _ trailers: [HTTP2Header]) {
    session?.end(stream, trailers: trailers)
  }

  func reset(_ stream: HTTP2Stream, _ code: UInt32) { session?.reset(stream, code: code) }

  func consumed(_ count: Int, of stream: HTTP2Stream) { session?.consumed(count, of: stream) }

  /// Whether a stream waits for its client to open the window.
  func isBlocked(_ stream: HTTP2Stream) -> Bool { session?.isBlocked(stream) ?? false }

  /// Gives up answers that stand still, should the room for answers be full.
  func watchAnswers() {
    guard !isWatching, room.isFull else { return }
    isWatching = true
    hasMoved = false
    for call in calls.values { call.hasMoved = false }
    loop.scheduleTask(in: TimeAmount(bounds.stallLimit)) {
      self.isWatching = false
      guard self.context != nil, self.room.isFull else { return }
      self.giveUpStalled()
      self.watchAnswers()
    }
  }

  /// The fullest first, and no more of them than it takes: who reads slowly while there is room is
  /// nobody's trouble.
  private func giveUpStalled() {
    // Behind the connection's window they take turns: all stand still once none has moved.
    let isStill = !hasMoved && session?.isConnectionBlocked == true
    let stalled = calls.values.map { (call: $0, bytes: $0.stalledBytes(isStill: isStill)) }
      .filter { $0.bytes > 0 }
    for (call, _) in stalled.sorted(by: { $0.bytes > $1.bytes }) {
      guard room.isFull else { break }
      call.giveUpStalled()
    }
    scheduleFlush()
  }

  // MARK: The pulse

  /// Bytes moved at the socket.
  func moved(_ count: Int) { pulse.moved(count) }

  /// Asks whether somebody is there when it is time to; false once nobody is.
  func beat() -> Bool {
    pings = 0
    // Whose connection ends is not heard any more; how the last of it goes out is watched apart.
    guard !isClosing else { return true }
    switch pulse.beat() {
    case .wait: break
    case .ping:
      session?.ping(token)
      flush()
    case .giveUp: return false
    }
    return true
  }
}

extension WireConnection: HTTP2Events {
  func began(_ stream: HTTP2Stream, head: [HTTP2Header], isLast: Bool) {
    pings = 0
    let call = WireCall(stream, self)
    calls[stream.id] = call
    call.began(head)
    if isLast { call.ended() } else { fresh.append(call) }
  }

  func received(_ bytes: UnsafeRawBufferPointer, of stream: HTTP2Stream) {
    pings = 0
    calls[stream.id]?.received(bytes)
  }

  func ended(_ stream: HTTP2Stream) { calls[stream.id]?.ended() }

  func closed(_ stream: HTTP2Stream) {
    calls.removeValue(forKey: stream.id)?.closed()
  }

  func sent(_ count: Int, of stream: HTTP2Stream) {
    // Clients ping to measure the line while an answer flows, however long ago it was written.
    pings = 0
    hasMoved = true
    calls[stream.id]?.sent(count)
  }

  // Who reads opens windows, a few bytes for very many.
  func opened(_ count: Int) { pulse.moved(count) }

  func pinged() {
    pings += 1
    guard pings > Self.pingsPerBeat else { return }
    session?.refuseStreams(code: HTTP2Code.enhanceYourCalm, "too_many_pings")
    session?.terminate(code: HTTP2Code.enhanceYourCalm)
    // Who reads that is closed once it is sent.
    giveUpLater()
  }

  func ponged(_ token: UInt64) {
    if token == self.token { pulse.acknowledged() }
  }
}
