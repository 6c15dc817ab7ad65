import Foundation
import Synchronization
import Testing
import WeaveRuntime

/// A server that answers who signs in and then whatever a test says, sound or not.
final class RawRedis: Sendable {
  let url: String
  private let listener: Int32
  private let isClosed = Mutex(false)

  /// Answers the first thing that arrives by `greeting`, and each other by `answer`, piece by piece.
  init(
    _ answer: [UInt8],
    piece: Int = .max,
    pause: Duration = .zero,
    greeting: String = "+PONG\r\n"
  ) throws {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let port: UInt16? = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        guard bind(listener, address, length) == 0, listen(listener, 16) == 0,
          getsockname(listener, address, &length) == 0
        else { return nil }
        return pointer.pointee.sin_port.bigEndian
      }
    }
    url = "redis://127.0.0.1:\(try #require(port))"
    self.listener = listener
    let serving = { @Sendable [weak self] in
      while true {
        let client = accept(listener, nil, nil)
        guard client >= 0, let server = self, !server.isClosed.withLock({ $0 }) else { return }
        WeaveRuntime.Thread.start(name: "raw-redis") {
          Self.serve(client, Array(greeting.utf8), answer, piece: piece, pause: pause)
        }
      }
    }
    WeaveRuntime.Thread.start(name: "raw-redis") { serving() }
  }

  deinit {
    isClosed.withLock { $0 = true }
    shutdown(listener, Int32(SHUT_RDWR))
    close(listener)
  }

  private static func serve(
    _ client: Int32,
    _ greeting: [UInt8],
    _ answer: [UInt8],
    piece: Int,
    pause: Duration
  ) {
    defer { close(client) }
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    guard read(client, &buffer, buffer.count) > 0, send(client, greeting) else { return }
    while read(client, &buffer, buffer.count) > 0 {
      var rest = answer[...]
      while !rest.isEmpty {
        guard send(client, Array(rest.prefix(piece))) else { return }
        rest = rest.dropFirst(piece)
        if pause > .zero { usleep(UInt32(pause / .microseconds(1))) }
      }
    }
  }

  private static func send(_ client: Int32, _ bytes: [UInt8]) -> Bool {
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes { bytes in
        Glibc.send(
          client,
          bytes.baseAddress?.advanced(by: sent),
          bytes.count - sent,
          Int32(MSG_NOSIGNAL)
        )
      }
      guard count > 0 else { return false }
      sent += count
    }
    return true
  }
}
