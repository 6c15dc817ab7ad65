import EventLogConformance
import EventLogCore
import EventLogInMemory
import EventsService
import GRPCCore
import Schemas
import SwiftProtobuf
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

  /// The export is itself an event of the log, behind what it holds.
  @Test func anImportIntoALogThatWentFurtherIsRefused() async throws {
    try await ServedEvents.with { served in
      let transfer = Wordweave_Events_V1_Transfer.Client(wrapping: served.client)
      _ = try await served.log.append(append())
      let chunks = try await transfer.export(.init()) { response in
        var chunks: [Wordweave_Events_V1_ImportChunk] = []
        for try await message in response.messages {
          var chunk = Wordweave_Events_V1_ImportChunk()
          chunk.data = message.data
          chunks.append(chunk)
        }
        return chunks
      }
      let code = await served.refusal { _ in
        _ = try await transfer.import { writer in
          for chunk in chunks { try await writer.write(chunk) }
        }
      }
      #expect(code == .invalidArgument)
      #expect(try await served.engine.head() == GlobalPosition(2))
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
      let code = await served.refusal { served in
        _ = try await served.log.head(waiting, options: limited)
      }
      #expect(code == .deadlineExceeded)
      // No call of this kind takes longer, whatever it says.
      #expect(ContinuousClock.now - begin < .seconds(60))
    }
  }

  @Test func whoNamesNoDeadlineHasThatOfTheServer() async throws {
    #expect(EventServerSettings().callLimit == .seconds(5))
    try await ServedEvents.with(
      settings: { $0.callLimit = .milliseconds(200) }
    ) { served async throws in
      var request = Wordweave_Events_V1_HeadRequest()
      request.beyond = .max
      let waiting = request
      let code = await served.refusal { served in _ = try await served.log.head(waiting) }
      #expect(code == .deadlineExceeded)
    }
  }

  /// JSON writes each of its characters as six.
  @Test func whatJSONMakesTooLargeIsReadWithoutIt() async throws {
    try await ServedEvents.with { served in
      var draft = Wordweave_Posts_V1_PostDrafted()
      draft.postID = "p"
      draft.body = "text"
      let short: [UInt8] = try draft.serializedBytes()
      draft.body = String(repeating: "\u{1}", count: 1_000_000)
      let long: [UInt8] = try draft.serializedBytes()
      for data in [short, long, short] {
        let event = NewEvent(type: "PostDrafted", contentType: NewEvent.protobuf, data: data)
        _ = try await served.engine.append(AppendRequest(to: "s", [event]))
      }
      let page = try await served.log.readAllPage(.init())
      #expect(page.events.map { $0.data.count } == [short.count, long.count, short.count])
      #expect(page.events.map { $0.dataJson.isEmpty } == [false, true, false])
    }
  }

  @Test func aPositionThatNoEventHasIsNotFound() async throws {
    try await ServedEvents.with { served in
      _ = try await served.log.append(append())
      var request = Wordweave_Events_V1_ReadEventRequest()
      request.positionOnly = true
      for (position, isThere) in [(1, true), (2, false), (999, false)] as [(UInt64, Bool)] {
        request.position = position
        let answer = try await served.log.readEvent(request)
        #expect(answer.hasPosition == isThere, "\(position)")
      }
    }
  }

  /// A log whose streams get an event with each read.
  private struct Growing: EngineWrapper {
    let base: any EventLogEngine = InMemoryEventLog()

    func read(
      _ stream: StreamName,
      from revision: StreamRevision,
      direction: Direction,
      limit: Int
    ) async throws(EventLogError) -> EventPage {
      let page = try await base.read(stream, from: revision, direction: direction, limit: limit)
      _ = try await base.append(AppendRequest(to: stream, [NewEvent(type: "Grew", data: [1])]))
      return page
    }
  }

  @Test func aReadOfAStreamEndsWhereItWasWhenItBegan() async throws {
    let engine = Growing()
    try await ServedEvents.with(engine: engine) { served in
      for _ in 0..<3 { _ = try await served.log.append(append()) }
      var request = Wordweave_Events_V1_ReadStreamRequest()
      request.stream = "s"
      request.limit = 1
      let reading = request
      let revisions = try await served.log.readStream(reading) { response in
        var revisions: [UInt64] = []
        for try await page in response.messages { revisions += page.events.map(\.revision) }
        return revisions
      }
      #expect(revisions == [0, 1, 2])
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

  /// Clients of other languages decode 4 MiB unless they are told otherwise.
  @Test(arguments: [false, true])
  func aPageOfMessagesIsNoLargerThanOneOfAStream(backwards: Bool) async throws {
    try await ServedEvents.with { served in
      _ = try await served.log.append(append(7, size: 300 << 10))
      func pages(
        _ read: (_ token: [UInt8]) async throws -> Wordweave_Events_V1_EventsPage
      ) async throws -> [[UInt64]] {
        var pages: [[UInt64]] = []
        var token: [UInt8] = []
        repeat {
          let page = try await read(token)
          pages.append(page.events.map(\.position))
          token = Array(page.pageToken)
          #expect(page.isEnd == token.isEmpty)
        } while !token.isEmpty && pages.count < 10
        return pages
      }
      // Three of them are less than a megabyte.
      let expected: [[UInt64]] =
        backwards ? [[7, 6, 5], [4, 3, 2], [1]] : [[1, 2, 3], [4, 5, 6], [7]]
      let ofLog = try await pages { token in
        var request = Wordweave_Events_V1_ReadAllRequest()
        request.backwards = backwards
        request.pageToken = protobufBytes(token)
        return try await served.log.readAllPage(request)
      }
      #expect(ofLog == expected)
      let ofStream = try await pages { token in
        var request = Wordweave_Events_V1_ReadStreamRequest()
        request.stream = "s"
        request.backwards = backwards
        request.pageToken = protobufBytes(token)
        return try await served.log.readStreamPage(request)
      }
      #expect(ofStream == expected)
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

  @Test func aSubscriberThatStopsReadingHoldsLittleAndNobodyUp() async throws {
    let engine = WatchedEngine()
    try await ServedEvents.with(engine: engine) { served in
      let (released, release) = AsyncStream.makeStream(of: Void.self)
      let (isLive, live) = AsyncStream.makeStream(of: Void.self)
      let reading = Task {
        var request = Wordweave_Events_V1_SubscribeRequest()
        request.limit = 4
        return try await served.log.subscribe(request) { response in
          var positions: [UInt64] = []
          var fellBehind: [UInt64] = []
          for try await message in response.messages {
            switch message.content {
            case .events(let page)?: positions += page.events.map(\.position)
            case .fellBehind(let position)?: fellBehind.append(position)
            case .caughtUp?:
              live.yield()
              for await _ in released {}
            default: break
            }
            if positions.count >= 320 { break }
          }
          return (positions, fellBehind)
        }
      }
      for await _ in isLive { break }
      // Eighty megabytes past somebody who takes none of it; appends that waited would never end.
      for _ in 0..<80 { _ = try await served.log.append(append(4, size: 1 << 18)) }
      // What was read for it is a page, and what its own end took in: its window, and the ten
      // messages that the client library holds.
      #expect(engine.bytesRead <= 24 << 20, "\(engine.bytesRead) bytes wait")
      release.finish()
      let (positions, fellBehind) = try await reading.value
      #expect(positions == Array(1...320))
      #expect(!fellBehind.isEmpty, "it was not told that it fell behind")
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
