internal import Glibc
internal import NIOCore
internal import NIOHTTP2

// The transport's own keepalive says goodbye to an end that does not answer and then waits for the
// answer to that, so a deaf end would keep its streams and what they hold for ever. Here the
// connection is reset instead.

/// Gives connections up whose other end has gone deaf, and refuses those that are too many.
///
/// A client that neither reads nor closes, a machine that is gone, one that never says what it
/// wants, or says it byte by byte: each is reset by `ConnectionPulse`, and with it its calls end.
enum ConnectionGuard {
  /// Watches a connection that was just accepted; called on its event loop.
  static func watch(_ channel: any Channel) -> EventLoopFuture<Void> {
    channel.eventLoop.makeCompletedFuture {
      let pipeline = channel.pipeline.syncOperations
      let pulse = PulseHandler()
      let frames = try pipeline.handler(type: NIOHTTP2Handler.self)
      try pipeline.addHandler(pulse, position: .after(frames))
      // In front of everything, TLS too: there it sees bytes, and closes without asking anybody.
      try pipeline.addHandler(EdgeHandler(pulse), position: .first)
    }
  }
}

/// Sends the questions and sees the answers, as frames.
private final class PulseHandler: ChannelInboundHandler {
  typealias InboundIn = HTTP2Frame
  typealias InboundOut = HTTP2Frame
  typealias OutboundOut = HTTP2Frame

  // Not the transport's own, which are answered as well.
  private let token = HTTP2PingData(withInteger: .random(in: .min ... .max))
  private var pulse = ConnectionPulse()
  private var context: ChannelHandlerContext?

  func handlerAdded(context: ChannelHandlerContext) { self.context = context }

  func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if case .ping(let answer, ack: true) = unwrapInboundIn(data).payload, answer == token {
      pulse.acknowledged()
    }
    context.fireChannelRead(data)
  }

  func moved(_ count: Int) { pulse.moved(count) }

  /// False once nobody is there.
  func beat() -> Bool {
    switch pulse.beat() {
    case .wait: return true
    case .ping:
      guard let context else { return true }
      let ping = HTTP2Frame(streamID: .rootStream, payload: .ping(token, ack: false))
      context.writeAndFlush(wrapOutboundOut(ping), promise: nil)
      return true
    case .giveUp: return false
    }
  }
}

/// Counts bytes as they come from the socket, and beats the time.
private final class EdgeHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer

  private let pulse: PulseHandler
  private var beats: RepeatedTask?

  init(_ pulse: PulseHandler) { self.pulse = pulse }

  func handlerAdded(context: ChannelHandlerContext) {
    let pace = TimeAmount(ConnectionPulse.pace)
    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    beats = context.eventLoop.scheduleRepeatedTask(initialDelay: pace, delay: pace) { _ in
      let (handler, context) = bound.value
      guard handler.beats != nil, !handler.pulse.beat() else { return }
      handler.giveUp(context)
    }
  }

  func handlerRemoved(context: ChannelHandlerContext) { stop() }

  func channelInactive(context: ChannelHandlerContext) {
    stop()
    context.fireChannelInactive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    pulse.moved(unwrapInboundIn(data).readableBytes)
    context.fireChannelRead(data)
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    // So much waited that nothing more was taken, and the other end has made room.
    if context.channel.isWritable { pulse.moved(ConnectionPulse.answerBytes) }
    context.fireChannelWritabilityChanged()
  }

  private func stop() {
    beats?.cancel()
    beats = nil
  }

  private func giveUp(_ context: ChannelHandlerContext) {
    stop()
    // A reset: the system would otherwise keep what was not read for as long as it likes.
    if let socket = context.channel as? any SocketOptionProvider {
      socket.setSoLinger(linger(l_onoff: 1, l_linger: 0)).whenFailure { _ in }
    }
    context.close(mode: .all, promise: nil)
  }
}
