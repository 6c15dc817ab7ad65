internal import Glibc
internal import NIOCore

/// How far what a connection sends has come, as the system tells: the beginning of `tcp_info` in
/// linux/tcp.h, with zeros where it knows less.
struct TransmissionState {
  /// State, times and sizes of segments.
  private var state: InlineArray<3, UInt64>
  /// Segments that were sent and not confirmed yet.
  private(set) var unconfirmedSegments: UInt32
  private var selective: UInt32
  /// Losses, times and windows.
  private var others: InlineArray<11, UInt64>
  /// Bytes that the other end's system has taken, since the beginning.
  private(set) var confirmedBytes: UInt64
  /// Bytes that came in, and segments.
  private var received: InlineArray<2, UInt64>
  /// Bytes that were handed over and that the other end has no room for yet.
  private(set) var unsentBytes: UInt32
  private var minimalRoundTrip: UInt32

  /// Whether some of what was handed over has not reached the other end's system yet, as far as is
  /// known.
  var isUnderWay: Bool { unsentBytes > 0 || unconfirmedSegments > 0 }

  /// What the system says now; fails for what is no connection of TCP.
  static func of(_ channel: any Channel) -> EventLoopFuture<TransmissionState> {
    guard let socket = channel as? any SocketOptionProvider else {
      return channel.eventLoop.makeFailedFuture(ChannelError.operationUnsupported)
    }
    return socket.unsafeGetSocketOption(
      level: .tcp,
      name: NIOBSDSocket.Option(rawValue: TCP_INFO)
    )
  }
}
