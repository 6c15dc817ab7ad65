import Glibc
import Synchronization
import WeaveRuntime

/// A server of raw bytes on a loopback port: each connection is handled by a closure on a thread.
final class RawServer: Sendable {
  let port: UInt16
  private let listener: Int32
  private let count = Mutex((all: 0, open: 0, peak: 0))

  /// Connections taken so far.
  var connections: Int { count.withLock { $0.all } }
  /// The most that were open at once.
  var peak: Int { count.withLock { $0.peak } }
  var url: String { "http://127.0.0.1:\(port)" }

  init(_ handle: @escaping @Sendable (Connection) -> Void) throws {
    signal(SIGPIPE, SIG_IGN)
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let status = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, size) | listen(listener, 64) | getsockname(listener, $0, &size)
      }
    }
    struct NoPort: Error {}
    guard status == 0 else { throw NoPort() }
    self.listener = listener
    port = UInt16(bigEndian: address.sin_port)
    Thread.start(name: "raw-server") { [weak self] in
      while true {
        let descriptor = accept(listener, nil, nil)
        guard descriptor >= 0 else { return }
        self?.count.withLock { count in
          count.all += 1
          count.open += 1
          count.peak = max(count.peak, count.open)
        }
        Thread.start(name: "raw-connection") { [weak self] in
          handle(Connection(descriptor: descriptor))
          self?.count.withLock { $0.open -= 1 }
          close(descriptor)
        }
      }
    }
  }

  deinit {
    shutdown(listener, Int32(SHUT_RDWR))
    close(listener)
  }

  struct Connection: Sendable {
    let descriptor: Int32

    /// Reads one request; nil when the client is gone.
    func request() -> String? {
      var text: [UInt8] = []
      var chunk = [UInt8](repeating: 0, count: 65536)
      while true {
        let head = String(decoding: text, as: UTF8.self)
        if let end = head.firstRange(of: "\r\n\r\n") {
          let line = head.split(separator: "\r\n").first {
            $0.lowercased().hasPrefix("content-length:")
          }
          let length = line.flatMap { Int($0.dropFirst(15).filter(\.isNumber)) } ?? 0
          let headBytes = head[..<end.upperBound].utf8.count
          if text.count >= headBytes + length { return head }
        }
        let count = recv(descriptor, &chunk, chunk.count, 0)
        guard count > 0 else { return nil }
        text += chunk[..<count]
      }
    }

    /// Whether everything could be written.
    @discardableResult
    func write(_ text: String) -> Bool { write(Array(text.utf8)) }

    @discardableResult
    func write(_ bytes: [UInt8]) -> Bool {
      var start = 0
      while start < bytes.count {
        let count = bytes[start...].withUnsafeBytes {
          send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        guard count > 0 else { return false }
        start += count
      }
      return true
    }

    func answer(_ body: String, status: String = "200 OK", headers: String = "") {
      write("HTTP/1.1 \(status)\r\nContent-Length: \(body.utf8.count)\r\n\(headers)\r\n\(body)")
    }
  }
}
