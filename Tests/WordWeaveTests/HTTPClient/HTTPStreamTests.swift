import HTTPClientDriver
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct HTTPStreamTests {
  @Test func linesAreCutWhereverTheBytesAreCut() async throws {
    let server = try RawServer { connection in
      _ = connection.request()
      connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
      for part in ["{\"a\":", "1}\n{\"b\"", ":2}\r\n\n", "last"] {
        connection.write("\(String(part.utf8.count, radix: 16))\r\n\(part)\r\n")
      }
      connection.write("0\r\n\r\n")
    }
    let client = try HTTPClient()
    let stream = try await client.stream(HTTPRequest("GET", server.url + "/"))
    #expect(stream.head.status == 200)
    var lines = stream.lines()
    var found: [String] = []
    while let line = try await lines.next() { found.append(String(decoding: line, as: UTF8.self)) }
    #expect(found == ["{\"a\":1}", "{\"b\":2}", "last"])
  }

  @Test func aSlowReaderHoldsTheServerBack() async throws {
    let total = 64 << 20
    let sent = Mutex(0)
    let shared = Shared(sent)
    let server = try RawServer { connection in
      _ = connection.request()
      connection.write("HTTP/1.1 200 OK\r\nContent-Length: \(total)\r\n\r\n")
      let chunk = [UInt8](repeating: 0x61, count: 1 << 16)
      while shared.value.withLock({ $0 }) < total, connection.write(chunk) {
        shared.value.withLock { $0 += chunk.count }
      }
    }
    let client = try HTTPClient()
    let stream = try await client.stream(HTTPRequest("GET", server.url + "/", totalTimeout: nil))
    // The server is held back once what it could send stops growing.
    var last = -1
    while true {
      let now = shared.value.withLock { $0 }
      if now == last, now > 0 { break }
      last = now
      try await Task.sleep(for: .milliseconds(200))
    }
    #expect(last < total / 2)
    #expect(try await stream.rest(limit: total).count == total)
  }

  @Test func aStreamThatBreaksOffThrowsAfterWhatCame() async throws {
    let server = try RawServer { connection in
      _ = connection.request()
      connection.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\none\ntwo\n")
    }
    let client = try HTTPClient()
    var lines = try await client.stream(HTTPRequest("GET", server.url + "/")).lines()
    #expect(try await lines.next() == Array("one".utf8))
    #expect(try await lines.next() == Array("two".utf8))
    await #expect(throws: HTTPClientError.self) { try await lines.next() }
  }

  @Test func lettingAStreamGoEndsTheExchange() async throws {
    let ended = Shared(Mutex(false))
    let server = try RawServer { connection in
      _ = connection.request()
      connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n")
      _ = connection.request()
      ended.value.withLock { $0 = true }
    }
    let client = try HTTPClient()
    do {
      let stream = try await client.stream(HTTPRequest("GET", server.url + "/"))
      #expect(try await stream.next() == [0x61])
    }
    while !ended.value.withLock({ $0 }) { await Task.yield() }
  }

  @Test func cancellingAReaderWakesIt() async throws {
    let server = try RawServer { connection in
      _ = connection.request()
      connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
      _ = connection.request()
    }
    let client = try HTTPClient()
    let stream = try await client.stream(HTTPRequest("GET", server.url + "/", totalTimeout: nil))
    let task = Task { try await stream.next() }
    await Task.yield()
    task.cancel()
    await #expect {
      _ = try await task.value
    } throws: { ($0 as? HTTPClientError)?.code == .cancelled }
  }
}

/// A mutex that closures share.
final class Shared<Value: Sendable>: Sendable {
  let value: Mutex<Value>
  init(_ value: consuming sending Mutex<Value>) { self.value = value }
}
