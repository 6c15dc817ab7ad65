import Glibc
import Testing

@testable import EventsService

/// A connection that sends whatever a test likes, and reads or answers only when it is told to.
final class RawConnection: Sendable {
  private let socket: Int32

  /// Connects to a port of this machine.
  ///
  /// - receiveBuffer: what the system keeps of what is not read; little fills soon.
  init(port: Int, receiveBuffer: Int32 = 4096) throws {
    socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var size = receiveBuffer
    setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(UInt16(port).bigEndian)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    let descriptor = socket
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    try #require(result == 0)
  }

  deinit { close(socket) }

  /// Sends bytes; the other end may be gone.
  func send(_ bytes: [UInt8]) { _ = Glibc.send(socket, bytes, bytes.count, Int32(MSG_NOSIGNAL)) }

  /// Says that it speaks HTTP/2, with settings of its own.
  func greet() { send(Self.preface + Frame.settings()) }

  /// Takes the other end's settings, which bind from then on.
  func acknowledgeSettings() { send(Frame.frame(type: 4, flags: 1, stream: 0, [])) }

  /// What it has received so far and not yet read, or that much of it; nil once the other end has
  /// ended.
  func read(atMost limit: Int = 1 << 16) -> [UInt8]? {
    var buffer = [UInt8](repeating: 0, count: limit)
    let count = recv(socket, &buffer, buffer.count, Int32(MSG_DONTWAIT))
    if count > 0 { return Array(buffer[..<count]) }
    return count < 0 && errno == EAGAIN ? [] : nil
  }

  /// Whether the other end has reset the connection; looks without reading, as who is deaf would.
  var isReset: Bool {
    var entry = pollfd(fd: socket, events: 0, revents: 0)
    return poll(&entry, 1, 0) == 1 && entry.revents & Int16(POLLERR | POLLHUP) != 0
  }

  /// Waits until the other end has ended the connection, reading what comes before that; not as
  /// long as it takes to be ended for answering no ping.
  func waitForEnd() async throws -> Bool {
    try await holds(within: ConnectionPulse.patience) {
      while let bytes = self.read() { if bytes.isEmpty { return false } }
      return true
    }
  }

  static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
}

/// Frames of HTTP/2, as bytes.
enum Frame {
  static func settings() -> [UInt8] { frame(type: 4, stream: 0, []) }

  /// Settings of an end to which so many bytes of each stream may be sent.
  static func settings(window: UInt32) -> [UInt8] {
    frame(type: 4, stream: 0, [0, 4] + bytes(window))
  }

  /// Opens the window of a stream, or for 0 that of the connection.
  static func window(_ more: UInt32, stream: UInt32) -> [UInt8] {
    frame(type: 8, stream: stream, bytes(more))
  }

  /// The headers of a call, literally.
  static func headers(
    _ path: String,
    stream: UInt32 = 1,
    _ fields: [(String, String)] = []
  ) -> [UInt8] {
    frame(type: 1, flags: 4, stream: stream, block(path, fields))
  }

  /// The block of such headers.
  static func block(_ path: String, _ fields: [(String, String)] = []) -> [UInt8] {
    var block: [UInt8] = [0x83, 0x86]  // POST, http
    func text(_ value: String) -> [UInt8] { [UInt8(value.utf8.count)] + Array(value.utf8) }
    block += [0x04] + text(path)
    block += [0x01] + text("localhost")
    block += [0x0F, 0x10] + text("application/grpc")
    block += [0x00] + text("te") + text("trailers")
    for (name, value) in fields { block += [0x00] + text(name) + text(value) }
    return block
  }

  /// Heads of so many streams, one after another and as short as can be: no calls, but streams.
  static func heads(_ count: Int, from first: UInt32) -> [UInt8] {
    let one: [UInt8] = [0, 0, 1, 1, 5, 0, 0, 0, 0, 0x83]
    var bytes = Array(repeatElement(one, count: count).joined())
    for number in 0..<count {
      let stream = first + 2 * UInt32(number)
      let place = number * one.count + 5
      bytes[place] = UInt8(truncatingIfNeeded: stream >> 24)
      bytes[place + 1] = UInt8(truncatingIfNeeded: stream >> 16)
      bytes[place + 2] = UInt8(truncatingIfNeeded: stream >> 8)
      bytes[place + 3] = UInt8(truncatingIfNeeded: stream)
    }
    return bytes
  }

  /// A message of a request; the last one ends it.
  static func message(
    _ message: [UInt8] = [],
    stream: UInt32 = 1,
    isLast: Bool = true
  ) -> [UInt8] {
    let prefix: [UInt8] = [0] + bytes(UInt32(message.count))
    return frame(type: 0, flags: isLast ? 1 : 0, stream: stream, prefix + message)
  }

  /// The streams whose answer has begun, in what an end has sent.
  static func heads(in bytes: [UInt8]) -> Set<UInt32> {
    Set(frames(in: bytes).filter { $0.type == 1 }.map(\.stream))
  }

  /// The streams that were answered to the end.
  static func ends(in bytes: [UInt8]) -> Set<UInt32> {
    Set(frames(in: bytes).filter { $0.type <= 1 && $0.flags & 1 != 0 }.map(\.stream))
  }

  /// The streams that were reset, in what an end has sent.
  static func resets(in bytes: [UInt8]) -> [UInt32] {
    frames(in: bytes).filter { $0.type == 3 }.map(\.stream)
  }

  /// How many bytes of answers there are in what an end has sent.
  static func dataBytes(in bytes: [UInt8]) -> Int {
    frames(in: bytes).filter { $0.type == 0 }.reduce(0) { $0 + $1.body.count }
  }

  /// What an end that asks whether somebody is there wants to have back.
  static func pings(in bytes: [UInt8]) -> [[UInt8]] {
    frames(in: bytes).filter { $0.type == 6 && $0.flags & 1 == 0 }.map(\.body)
  }

  /// The frames of which bytes consist.
  private static func frames(
    in bytes: [UInt8]
  ) -> [(type: UInt8, flags: UInt8, stream: UInt32, body: [UInt8])] {
    var frames: [(type: UInt8, flags: UInt8, stream: UInt32, body: [UInt8])] = []
    var rest = bytes[...]
    func number(_ bytes: some Sequence<UInt8>) -> UInt32 {
      bytes.reduce(0) { $0 << 8 | UInt32($1) }
    }
    while rest.count >= 9 {
      let head = Array(rest.prefix(9))
      let body = rest.dropFirst(9).prefix(Int(number(head[..<3])))
      frames.append((head[3], head[4], number(head[5...]), Array(body)))
      rest = rest.dropFirst(9 + body.count)
    }
    return frames
  }

  static func frame(type: UInt8, flags: UInt8 = 0, stream: UInt32, _ body: [UInt8]) -> [UInt8] {
    let count = body.count
    return [UInt8(count >> 16), UInt8(count >> 8 & 0xFF), UInt8(count & 0xFF), type, flags]
      + bytes(stream) + body
  }

  private static func bytes(_ number: UInt32) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * $0)) }
  }
}

extension Duration {
  /// What is waited for that comes soon: longer than a machine that runs other tests beside stands
  /// still, and shorter than what `ServedEvents` allows a call.
  static let patience = Duration.seconds(40)
}

/// Asks again and again whether something holds; false once the time is over.
func holds(
  within limit: Duration = .patience,
  _ condition: () async throws -> Bool
) async throws -> Bool {
  let begin = ContinuousClock.now
  while try await !condition() {
    guard ContinuousClock.now - begin < limit else { return false }
    try await Task.sleep(for: .milliseconds(20))
  }
  return true
}
