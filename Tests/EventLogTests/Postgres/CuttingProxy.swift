import Foundation
import Synchronization
import Testing
import WeaveRuntime

/// Stands between an engine and its server, and can swallow the answer to a commit.
///
/// A commit is known by what it writes: the type of the tests' events, which no read of theirs names.
final class CuttingProxy: Sendable {
  private struct State: Sendable {
    var isArmed = false
    var cuts = 0
    var isClosed = false
  }

  private static let written = Array("Marked".utf8)

  let url: String
  private let listener: Int32
  private let target: UInt16
  private let state = Mutex(State())

  init(to url: String) throws {
    let parts = try #require(URLComponents(string: url))
    let target = UInt16(parts.port ?? 5432)
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = Self.loopback(0)
    let port: UInt16? = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        guard bind(listener, address, length) == 0, listen(listener, 64) == 0,
          getsockname(listener, address, &length) == 0
        else { return nil }
        return pointer.pointee.sin_port.bigEndian
      }
    }
    var through = parts
    through.host = "127.0.0.1"
    through.port = Int(try #require(port))
    self.url = try #require(through.string)
    self.listener = listener
    self.target = target
    let accepting = { @Sendable [weak self] in
      while true {
        let client = accept(listener, nil, nil)
        guard client >= 0, let proxy = self, !proxy.state.withLock({ $0.isClosed }) else { return }
        proxy.serve(client)
      }
    }
    WeaveRuntime.Thread.start(name: "proxy") { accepting() }
  }

  /// How many answers were swallowed.
  var cuts: Int { state.withLock { $0.cuts } }

  func cutNextCommit() { state.withLock { $0.isArmed = true } }

  func close() {
    state.withLock { $0.isClosed = true }
    shutdown(listener, Int32(SHUT_RDWR))
    Glibc.close(listener)
  }

  private static func loopback(_ port: UInt16) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return address
  }

  private func serve(_ client: Int32) {
    let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = Self.loopback(target)
    let status = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(server, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard status == 0 else {
      Glibc.close(client)
      return
    }
    var one: Int32 = 1
    for end in [client, server] {
      setsockopt(end, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
    }
    WeaveRuntime.Thread.start(name: "proxy-pair") { self.forward(client, server) }
  }

  private func forward(_ client: Int32, _ server: Int32) {
    defer {
      Glibc.close(client)
      Glibc.close(server)
    }
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    var isCutting = false
    while true {
      var ends = [
        pollfd(fd: client, events: Int16(POLLIN), revents: 0),
        pollfd(fd: server, events: Int16(POLLIN), revents: 0),
      ]
      guard poll(&ends, 2, -1) > 0 else { return }
      if ends[1].revents != 0 {
        let count = read(server, &buffer, buffer.count)
        // The server has committed; the client never hears of it.
        guard count > 0, !isCutting else { return }
        guard send(&buffer, count, to: client) else { return }
      }
      if ends[0].revents != 0 {
        let count = read(client, &buffer, buffer.count)
        guard count > 0 else { return }
        if buffer[..<count].firstRange(of: Self.written) != nil {
          isCutting = state.withLock { state in
            guard state.isArmed else { return false }
            state.isArmed = false
            state.cuts += 1
            return true
          }
        }
        guard send(&buffer, count, to: server) else { return }
      }
    }
  }

  private func send(_ buffer: inout [UInt8], _ count: Int, to end: Int32) -> Bool {
    var sent = 0
    while sent < count {
      let written = buffer.withUnsafeBytes { bytes in
        Glibc.send(end, bytes.baseAddress?.advanced(by: sent), count - sent, Int32(MSG_NOSIGNAL))
      }
      guard written > 0 else { return false }
      sent += written
    }
    return true
  }
}
