import EventLogCore
import EventLogInMemory
import EventsService
import GRPCCore
import Glibc
import Schemas
import Synchronization
import Testing

@Suite struct EventServerTests {
  private typealias Log = Wordweave_Events_V1_EventLog

  /// Tokens that are known by their text.
  private struct Tokens: CallAuthority {
    let known: [String: CallRights]
    func rights(of token: String) -> CallRights? { known[token] }
  }

  private func bearer(_ token: String) -> GRPCCore.Metadata {
    ["authorization": .string("Bearer \(token)")]
  }

  private func append(_ events: Int = 1, size: Int = 3) -> Wordweave_Events_V1_AppendRequest {
    var event = Wordweave_Events_V1_NewEvent()
    event.type = "Happened"
    event.data = protobufBytes([UInt8](repeating: 1, count: size))
    var part = Wordweave_Events_V1_StreamAppend()
    part.stream = "s"
    part.events = Array(repeating: event, count: events)
    var request = Wordweave_Events_V1_AppendRequest()
    request.parts = [part]
    return request
  }

  @Test func aTokenMayDoWhatItsRightsSay() async throws {
    let tokens = Tokens(known: ["w": .append, "r": .read, "a": .admin])
    try await ServedEvents.with(authority: tokens) { served in
      let request = append()
      let calls: [(GRPCCore.Metadata, RPCError.Code?, RPCError.Code?)] = [
        ([:], .unauthenticated, .unauthenticated),
        (bearer("x"), .unauthenticated, .unauthenticated),
        (["authorization": "w"], .unauthenticated, .unauthenticated),
        (bearer("w"), nil, .permissionDenied), (bearer("r"), .permissionDenied, nil),
        (bearer("a"), nil, nil),
      ]
      for (metadata, appending, reading) in calls {
        let writes = await served.refusal { served in
          _ = try await served.log.append(request, metadata: metadata)
        }
        let reads = await served.refusal { served in
          _ = try await served.log.readAllPage(.init(), metadata: metadata)
        }
        #expect(writes == appending, "\(metadata)")
        #expect(reads == reading, "\(metadata)")
      }
      // The header of calls inside a process means nothing here.
      let forged = await served.refusal { served in
        let transfer = Wordweave_Events_V1_Transfer.Client(wrapping: served.client)
        _ = try await transfer.restore(
          .init(),
          metadata: ["authorization": "Bearer r", "ww-roles": "operator"]
        )
      }
      #expect(forged == .permissionDenied)
    }
  }

  @Test func healthIsOpenAndFollowsTheLog() async throws {
    try await ServedEvents.with(authority: Tokens(known: [:])) { served in
      let health = Grpc_Health_V1_Health.Client(wrapping: served.client)
      try await eventually("it serves") { try await health.check(.init()).status == .serving }
      var named = Grpc_Health_V1_HealthCheckRequest()
      named.service = "wordweave.events.v1.EventLog"
      #expect(try await health.check(named).status == .serving)
      named.service = "nobody"
      let unknown = named
      let code = await served.refusal { _ in _ = try await health.check(unknown) }
      #expect(code == .notFound)
      let first = try await health.watch(unknown) { response in
        for try await message in response.messages { return message.status }
        return .unknown
      }
      #expect(first == .serviceUnknown)
      // A log that takes no appends is not served, and who watches is told.
      let seen = try await health.watch(.init()) { response in
        var seen: [Grpc_Health_V1_HealthCheckResponse.ServingStatus] = []
        for try await message in response.messages {
          seen.append(message.status)
          if seen.count == 1 { await served.engine.close() }
          if seen.count == 2 { break }
        }
        return seen
      }
      #expect(seen == [.serving, .notServing])
    }
  }

  @Test func badRequestsAreToldSo() async throws {
    try await ServedEvents.with { served in
      let garbage: [[UInt8]] = [
        [0xFF], [0x0A, 0x7F, 1], Array(repeating: 0x80, count: 64),
      ]
      for bytes in garbage {
        for method in [Log.Method.Append.descriptor, Log.Method.ReadAllPage.descriptor] {
          let code = await served.refusal { try await $0.call(method, bytes) }
          #expect(code == .invalidArgument, "\(bytes) \(method)")
        }
      }
      // Larger than the largest request, and still nothing but a status.
      let huge = [UInt8](repeating: 0, count: 18 << 20)
      let size = await served.refusal { try await $0.call(Log.Method.Append.descriptor, huge) }
      // The transport gives such a call up before its end has come.
      #expect(size == .resourceExhausted || size == .unavailable, "\(String(describing: size))")
      let unknown = MethodDescriptor(
        service: .init(fullyQualifiedService: "wordweave.events.v1.EventLog"),
        method: "Nothing"
      )
      let method = await served.refusal { try await $0.call(unknown, []) }
      #expect(method == .unimplemented)
      // The server goes on.
      _ = try await served.log.append(append())
    }
  }

  @Test func anExpiredDeadlineIsToldAndLeavesNothingBehind() async throws {
    try await ServedEvents.with { served in
      var request = Wordweave_Events_V1_HeadRequest()
      request.beyond = .max
      let waiting = request
      var options = CallOptions.defaults
      options.timeout = .milliseconds(200)
      let limited = options
      let begin = ContinuousClock.now
      let named = await served.refusal { served in
        _ = try await served.log.head(waiting, options: limited)
      }
      #expect(named == .deadlineExceeded)
      #expect(ContinuousClock.now - begin < .seconds(4))
      // Who names none has five seconds.
      let unnamed = await served.refusal { served in _ = try await served.log.head(waiting) }
      #expect(unnamed == .deadlineExceeded)
      #expect(ContinuousClock.now - begin < .seconds(15))
    }
  }

  @Test func pageTokensFitTheirOwnReadAlone() async throws {
    try await ServedEvents.with { served in
      _ = try await served.log.append(append(10))
      var request = Wordweave_Events_V1_ReadAllRequest()
      request.limit = 3
      var positions: [UInt64] = []
      var token = request.pageToken
      repeat {
        request.pageToken = token
        let page = try await served.log.readAllPage(request)
        positions += page.events.map(\.position)
        token = page.pageToken
        if page.isEnd { #expect(token.isEmpty) }
        if !token.isEmpty { request.pageToken = token }
      } while !token.isEmpty
      #expect(positions == Array(1...10))
      let last = request.pageToken
      var others: [Wordweave_Events_V1_ReadAllRequest] = []
      var other = request
      other.backwards = true
      others.append(other)
      other = request
      other.items = [.init()]
      others.append(other)
      other = request
      other.pageToken = last.dropLast() + [last.last.map { $0 ^ 1 } ?? 0]
      others.append(other)
      for other in others {
        let code = await served.refusal { _ = try await $0.log.readAllPage(other) }
        #expect(code == .invalidArgument)
      }
    }
  }

  @Test func streamedReadsEqualPages() async throws {
    try await ServedEvents.with { served in
      // Three megabytes: more than one message holds.
      for _ in 0..<3 { _ = try await served.log.append(append(1, size: 1 << 20)) }
      _ = try await served.log.append(append(100))
      for form in [Wordweave_Events_V1_EventForm.messages, .envelopes] {
        var request = Wordweave_Events_V1_ReadAllRequest()
        request.form = form
        let count = try await served.log.readAll(request) { response in
          var count = 0
          for try await page in response.messages {
            count += page.events.count + (try EnvelopeRun.events(in: page.envelopes).count)
          }
          return count
        }
        #expect(count == 103)
      }
    }
  }

  @Test func aSubscriberThatNeverReadsHoldsNobodyUp() async throws {
    try await ServedEvents.with { served in
      let (release, released) = AsyncStream.makeStream(of: Void.self)
      let reading = Task {
        try await served.log.subscribe(.init()) { response in
          for await _ in release {}
          var positions: [UInt64] = []
          for try await message in response.messages {
            guard case .events(let page)? = message.content else { continue }
            positions += page.events.map(\.position)
            if positions.count >= 200 { break }
          }
          return positions
        }
      }
      // Fifty megabytes past somebody who takes none of it.
      for _ in 0..<50 { _ = try await served.log.append(append(4, size: 1 << 18)) }
      released.finish()
      #expect(try await reading.value == Array(1...200))
    }
  }

  @Test(
    .disabled("the deaf end does not see the close behind what it has not read: no proof yet"),
    .timeLimit(.minutes(2))
  ) func aHalfOpenConnectionIsGivenUp() async throws {
    try await ServedEvents.with { served in
      let line = try DeafClient(port: served.port)
      defer { line.close() }
      // It asks for events and then neither reads nor answers a ping.
      line.subscribe()
      for _ in 0..<20 { _ = try await served.log.append(append(4, size: 1 << 18)) }
      let begin = ContinuousClock.now
      while !line.isEnded, ContinuousClock.now - begin < .seconds(60) {
        try await Task.sleep(for: .milliseconds(100))
      }
      #expect(line.isEnded, "the connection was kept")
      _ = try await served.log.append(append())
    }
  }

  private func eventually(_ what: String, _ holds: () async throws -> Bool) async throws {
    let begin = ContinuousClock.now
    while try await !holds() {
      guard ContinuousClock.now - begin < .seconds(30) else {
        Issue.record("waited in vain: \(what)")
        return
      }
      try await Task.sleep(for: .milliseconds(10))
    }
  }
}

/// A connection that speaks enough HTTP/2 to ask, and then goes silent without closing.
private final class DeafClient: Sendable {
  private let socket: Int32

  init(port: Int) throws {
    socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    // A small buffer fills soon.
    var size: Int32 = 4096
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

  /// Calls `Subscribe` on stream 1 with an empty request.
  func subscribe() {
    var headers: [UInt8] = [0x83, 0x86]  // POST, http
    func literal(_ prefix: [UInt8], _ value: String) {
      headers += prefix + [UInt8(value.utf8.count)] + Array(value.utf8)
    }
    literal([0x04], "/wordweave.events.v1.EventLog/Subscribe")
    literal([0x01], "localhost")
    literal([0x0F, 0x10], "application/grpc")
    headers += [0x00, 2] + Array("te".utf8) + [8] + Array("trailers".utf8)
    var bytes = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
    bytes += frame(type: 4, flags: 0, stream: 0, [])
    bytes += frame(type: 1, flags: 4, stream: 1, headers)
    bytes += frame(type: 0, flags: 1, stream: 1, [0, 0, 0, 0, 0])
    _ = send(socket, bytes, bytes.count, Int32(MSG_NOSIGNAL))
  }

  private func frame(type: UInt8, flags: UInt8, stream: UInt8, _ body: [UInt8]) -> [UInt8] {
    [0, UInt8(body.count >> 8), UInt8(body.count & 0xFF), type, flags, 0, 0, 0, stream] + body
  }

  /// Whether the other end has given the connection up.
  var isEnded: Bool {
    // What lies in the way of the end has to be taken first; it is answered by nothing.
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = recv(socket, &buffer, buffer.count, Int32(MSG_DONTWAIT))
      if count > 0 { continue }
      return count == 0 || errno != EAGAIN
    }
  }

  func close() { _ = Glibc.close(socket) }
}
