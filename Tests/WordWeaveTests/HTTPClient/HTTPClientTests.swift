import HTTPClientDriver
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct HTTPClientTests {
  /// Answers every request with what it was.
  private func echo() throws -> RawServer {
    try RawServer { connection in
      while let request = connection.request() {
        connection.answer(request, headers: "X-Kind: echo\r\n")
      }
    }
  }

  @Test func requestsArriveAsTheyAreAndAnswersComeWhole() async throws {
    let server = try echo()
    let client = try HTTPClient()
    let response = try await client.send(
      HTTPRequest(
        "PUT",
        server.url + "/a?b=c",
        headers: [("X-One", "1"), ("X-Empty", "")],
        body: Array("zero\0byte".utf8)
      )
    )
    #expect(response.status == 200)
    #expect(response.head["x-kind"] == "echo")
    #expect(response.text.hasPrefix("PUT /a?b=c HTTP/1.1\r\n"))
    #expect(response.text.contains("X-One: 1\r\n"))
    #expect(response.text.contains("X-Empty:"))
    #expect(!response.text.contains("Expect:"))
    #expect(response.text.hasSuffix("zero\0byte"))
  }

  @Test(arguments: ["GET", "DELETE", "POST", "PATCH"])
  func methodsWithoutABodySendNone(_ method: String) async throws {
    let server = try echo()
    let client = try HTTPClient()
    let response = try await client.send(HTTPRequest(method, server.url + "/"))
    #expect(response.text.hasPrefix("\(method) / "))
    #expect(response.text.hasSuffix("\r\n\r\n"))
  }

  @Test func connectionsAreUsedAgain() async throws {
    let server = try echo()
    let client = try HTTPClient()
    for _ in 0..<20 { _ = try await client.send(HTTPRequest("GET", server.url + "/")) }
    #expect(server.connections == 1)
  }

  @Test func redirectsAndErrorsAreAnswers() async throws {
    let server = try RawServer { connection in
      while connection.request() != nil {
        connection.answer("gone", status: "302 Found", headers: "Location: http://127.0.0.1:1/\r\n")
      }
    }
    let client = try HTTPClient()
    let response = try await client.send(HTTPRequest("GET", server.url + "/"))
    #expect(response.status == 302)
    #expect(response.text == "gone")
  }

  @Test func nobodyListeningIsARetriableFailure() async throws {
    let port: UInt16 = try RawServer { _ in }.port
    let client = try HTTPClient()
    await #expect {
      _ = try await client.send(HTTPRequest("GET", "http://127.0.0.1:\(port)/"))
    } throws: { error in
      let error = error as? HTTPClientError
      return error?.code == .connectionFailed && error?.isRetriable == true
    }
  }

  @Test func aLostConnectionIsToldAsSuch() async throws {
    let server = try RawServer { connection in
      _ = connection.request()
      connection.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
    }
    let client = try HTTPClient()
    await #expect {
      _ = try await client.send(HTTPRequest("GET", server.url + "/"))
    } throws: { ($0 as? HTTPClientError)?.code == .connectionLost }
  }

  @Test func aSilentServerTimesOut() async throws {
    let server = try RawServer { connection in while connection.request() != nil {} }
    let client = try HTTPClient()
    await #expect {
      _ = try await client.send(
        HTTPRequest("GET", server.url + "/", totalTimeout: .milliseconds(50))
      )
    } throws: { ($0 as? HTTPClientError)?.code == .timedOut }
  }

  @Test func aBodyOverTheLimitIsRefused() async throws {
    let server = try RawServer { connection in
      while connection.request() != nil { connection.answer(String(repeating: "x", count: 1001)) }
    }
    let client = try HTTPClient()
    let fitting = try await client.send(HTTPRequest("GET", server.url + "/", maximumBody: 1001))
    #expect(fitting.body.count == 1001)
    await #expect {
      _ = try await client.send(HTTPRequest("GET", server.url + "/", maximumBody: 1000))
    } throws: { ($0 as? HTTPClientError)?.code == .bodyTooLarge }
  }

  @Test(arguments: [
    HTTPRequest("get", "http://127.0.0.1/"), HTTPRequest("GET", "ftp://127.0.0.1/"),
    HTTPRequest("GET", "http://127.0.0.1/ x"),
    HTTPRequest("GET", "http://127.0.0.1/", headers: [("A", "b\r\nC: d")]),
    HTTPRequest("GET", "http://127.0.0.1/", headers: [("A:b", "c")]),
  ])
  func requestsThatBreakFramingAreNotSent(_ request: HTTPRequest) async throws {
    let client = try HTTPClient()
    await #expect {
      _ = try await client.send(request)
    } throws: { ($0 as? HTTPClientError)?.code == .malformedRequest }
  }

  @Test func cancellingEndsTheExchange() async throws {
    let server = try RawServer { connection in while connection.request() != nil {} }
    let client = try HTTPClient()
    let task = Task {
      try await client.send(HTTPRequest("GET", server.url + "/", totalTimeout: nil))
    }
    while server.connections == 0 { await Task.yield() }
    task.cancel()
    await #expect {
      _ = try await task.value
    } throws: { ($0 as? HTTPClientError)?.code == .cancelled }
  }

  @Test func aCancelledTaskSendsNothing() async throws {
    let client = try HTTPClient()
    let task = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      return try await client.send(HTTPRequest("GET", "http://127.0.0.1:9/", totalTimeout: nil))
    }
    await #expect(throws: HTTPClientError.self) { _ = try await task.value }
  }

  @Test func aClientThatWasShutDownSaysSo() async throws {
    let client = try HTTPClient()
    client.shutdown()
    await #expect {
      _ = try await client.send(HTTPRequest("GET", "http://127.0.0.1:9/"))
    } throws: { ($0 as? HTTPClientError)?.code == .closed }
  }

  @Test func manyRequestsAtOnceAllComeBack() async throws {
    let server = try echo()
    let client = try HTTPClient()
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for index in 0..<200 {
        group.addTask {
          try await client.send(HTTPRequest("GET", "\(server.url)/\(index)")).text
            .hasPrefix("GET /\(index) ")
        }
      }
      for try await isRight in group { #expect(isRight) }
    }
    #expect(server.peak <= HTTPClientLimits.connections)
  }
}
