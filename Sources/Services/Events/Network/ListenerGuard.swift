internal import Glibc
internal import Logging
internal import NIOCore
internal import Synchronization

/// Keeps a port open whatever is sent to it: bounds the connections, and sits out failed accepts.
///
/// A process without a free descriptor cannot accept; to the transport that is the end of the
/// server. And a log that can open no file takes no appends, so connections never get them all.
final class ListenerGuard: ChannelDuplexHandler {
  typealias InboundIn = any Channel
  typealias InboundOut = any Channel
  typealias OutboundIn = Never

  /// How long nothing is accepted after an accept failed; whoever waits is taken up then.
  private static let pause = TimeAmount.seconds(1)

  private let limit: Int
  private let logger: Logger
  private let open: ConnectionCount
  private var isRefusing = false
  private var isPaused = false
  private var isReadHeld = false

  init(limit: Int, logger: Logger, open: ConnectionCount) {
    self.limit = limit
    self.logger = logger
    self.open = open
  }

  /// How many connections a process may have at once, of those that it is told to.
  ///
  /// Half of the descriptors that it may have is left to the log and its files.
  static func limit(connections: Int) -> Int {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
      return connections
    }
    return min(connections, Int(clamping: limit.rlim_cur / 2))
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let connection = unwrapInboundIn(data)
    guard open.enter(limit: limit) else {
      if !isRefusing { logger.warning("Connections are refused", metadata: ["limit": "\(limit)"]) }
      isRefusing = true
      connection.close(promise: nil)
      return
    }
    isRefusing = false
    connection.closeFuture.whenComplete { [open] _ in open.leave() }
    context.fireChannelRead(data)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    guard error is IOError, context.channel.isActive else { return context.fireErrorCaught(error) }
    guard !isPaused else { return }
    isPaused = true
    logger.error("A connection could not be accepted", metadata: ["error": "\(error)"])
    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    context.eventLoop.scheduleTask(in: Self.pause) {
      let (handler, context) = bound.value
      handler.isPaused = false
      guard handler.isReadHeld else { return }
      handler.isReadHeld = false
      context.read()
    }
  }

  func read(context: ChannelHandlerContext) {
    guard !isPaused else { return isReadHeld = true }
    context.read()
  }
}

/// How many connections are open; they close on loops of their own.
final class ConnectionCount: Sendable {
  private let count = Mutex(0)

  /// Takes one up; false if there are as many as may be.
  func enter(limit: Int) -> Bool {
    count.withLock { count in
      guard count < limit else { return false }
      count += 1
      return true
    }
  }

  func leave() { count.withLock { $0 -= 1 } }
}
