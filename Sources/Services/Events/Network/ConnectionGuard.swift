internal import Glibc
internal import NIOCore

/// Gives a connection up whose other end has gone deaf.
///
/// A client that neither reads nor closes, a machine that is gone, one that never says what it
/// wants, or says it byte by byte: each is reset by `ConnectionPulse`, and with it its calls end. A
/// goodbye would wait for an answer, so a deaf end would keep its streams for ever.
final class ConnectionGuard: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer

  private let connection: WireConnection
  private var beats: RepeatedTask?
  /// Bytes that the other end had confirmed by the last beat.
  private var confirmed: UInt64 = 0

  init(_ connection: WireConnection) { self.connection = connection }

  func handlerAdded(context: ChannelHandlerContext) {
    let pace = TimeAmount(ConnectionPulse.pace)
    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    connection.onGiveUp = {
      let (handler, context) = bound.value
      handler.giveUp(context)
    }
    beats = context.eventLoop.scheduleRepeatedTask(initialDelay: pace, delay: pace) { _ in
      let (handler, context) = bound.value
      handler.beat(context)
    }
  }

  func handlerRemoved(context: ChannelHandlerContext) { stop() }

  func channelInactive(context: ChannelHandlerContext) {
    stop()
    context.fireChannelInactive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    connection.moved(unwrapInboundIn(data).readableBytes)
    context.fireChannelRead(data)
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    // So much waited that nothing more was taken, and the other end has made room.
    if context.channel.isWritable { connection.moved(ConnectionPulse.answerBytes) }
    context.fireChannelWritabilityChanged()
  }

  private func beat(_ context: ChannelHandlerContext) {
    guard beats != nil else { return }
    // Known at once on the loop.
    TransmissionState.of(context.channel).assumeIsolated().whenSuccess { state in
      // The question may wait behind bytes that the other end takes one after the other.
      if state.isUnderWay {
        self.connection.moved(Int(clamping: state.confirmedBytes - self.confirmed))
      }
      self.confirmed = state.confirmedBytes
    }
    guard !connection.beat() else { return }
    giveUp(context)
  }

  private func stop() {
    beats?.cancel()
    beats = nil
    connection.onGiveUp = nil
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
