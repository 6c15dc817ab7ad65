import EventLogCore
import Foundation
import GRPCCore
import Schemas
import Testing

@testable import EventsService

/// Requests that are sound protobuf and nothing else: each gets a status, and the server goes on.
@Suite struct BadInputTests {
  private typealias Append = Wordweave_Events_V1_AppendRequest
  private typealias ReadAll = Wordweave_Events_V1_ReadAllRequest
  private typealias ReadStream = Wordweave_Events_V1_ReadStreamRequest
  private typealias Subscribe = Wordweave_Events_V1_SubscribeRequest
  private typealias NewEvent = Wordweave_Events_V1_NewEvent

  /// An append of one event, changed by a test.
  private static func append(
    stream: String = "s",
    _ change: (inout NewEvent) -> Void = { _ in }
  ) -> Append {
    var event = NewEvent()
    event.type = "Happened"
    change(&event)
    var part = Wordweave_Events_V1_StreamAppend()
    part.stream = stream
    part.events = [event]
    var request = Append()
    request.parts = [part]
    return request
  }

  private static func text(_ count: Int) -> String { String(repeating: "x", count: count) }

  private static func entry(_ key: String, _ value: String = "")
    -> Wordweave_Events_V1_MetadataEntry
  {
    var entry = Wordweave_Events_V1_MetadataEntry()
    entry.key = key
    entry.value = value
    return entry
  }

  private static var appends: [(String, Append)] {
    let limits = EventLogLimits.self
    var many = append()
    many.parts = Array(repeating: many.parts[0], count: limits.requestParts + 1)
    for index in many.parts.indices { many.parts[index].stream = "s\(index)" }
    var crowd = append()
    crowd.parts[0].events = Array(
      repeating: crowd.parts[0].events[0],
      count: limits.requestEvents + 1
    )
    var unexpected = append()
    unexpected.parts[0].expected.kind = .UNRECOGNIZED(99)
    var policy = append()
    policy.ids = .UNRECOGNIZED(99)
    var query = append()
    query.condition.failIfMatches = Array(repeating: .init(), count: limits.queryItems + 1)
    var source = append()
    source.tracking.source = text(limits.nameBytes + 1)
    return [
      ("nothing", Append()), ("no type", append { $0.type = "" }),
      ("a long type", append { $0.type = text(limits.nameBytes + 1) }),
      ("the log's own type", append { $0.type = "$mine" }),
      ("a long tag", append { $0.tags = [text(limits.nameBytes + 1)] }),
      ("an empty tag", append { $0.tags = [""] }),
      ("many tags", append { $0.tags = Array(repeating: "t", count: limits.tags + 1) }),
      ("much data", append { $0.data = Data(count: limits.dataBytes + 1) }),
      ("a long content type", append { $0.contentType = text(limits.contentTypeBytes + 1) }),
      ("the nil id", append { $0.id = Data(count: 16) }),
      ("a short id", append { $0.id = Data([1, 2, 3]) }),
      ("a huge id", append { $0.id = Data(count: 1 << 20) }),
      ("a key twice", append { $0.metadata = [entry("k"), entry("k")] }),
      ("an empty key", append { $0.metadata = [entry("")] }),
      (
        "many entries",
        append { $0.metadata = (0...limits.metadataEntries).map { entry("k\($0)") } }
      ),
      ("much metadata", append { $0.metadata = [entry("k", text(limits.metadataBytes + 1))] }),
      ("a long stream", append(stream: text(limits.nameBytes + 1))),
      ("no stream's name", append(stream: "")), ("a stream with NUL", append(stream: "a\u{0}b")),
      ("the log's own stream", append(stream: "$streams")), ("many parts", many),
      ("many events", crowd), ("an unknown expectation", unexpected), ("an unknown policy", policy),
      ("a long query", query), ("a long source", source),
    ]
  }

  private static var reads: [(String, ReadAll)] {
    func read(_ change: (inout ReadAll) -> Void) -> ReadAll {
      var request = ReadAll()
      change(&request)
      return request
    }
    return [
      ("a page of 4,097", read { $0.limit = UInt32(EventLogLimits.pageEvents + 1) }),
      ("the largest page there is", read { $0.limit = .max }),
      ("an unknown form", read { $0.form = .UNRECOGNIZED(99) }),
      ("one byte for a token", read { $0.pageToken = Data([1]) }),
      ("zeroes for a token", read { $0.pageToken = Data(count: 30) }),
      ("a megabyte of a token", read { $0.pageToken = Data(count: 1 << 20) }),
      (
        "a long query",
        read { $0.items = Array(repeating: .init(), count: EventLogLimits.queryItems + 1) }
      ),
    ]
  }

  @Test func whatIsTooLargeOrMakesNoSenseIsToldSo() async throws {
    try await ServedEvents.with { served async throws in
      for (what, request) in Self.appends {
        let code = await served.refusal { _ = try await $0.log.append(request) }
        #expect(code == .invalidArgument, "\(what)")
      }
      for (what, request) in Self.reads {
        let page = await served.refusal { _ = try await $0.log.readAllPage(request) }
        #expect(page == .invalidArgument, "\(what)")
        let stream = await served.refusal { served in
          try await served.log.readAll(request) { for try await _ in $0.messages {} }
        }
        #expect(stream == .invalidArgument, "\(what), streamed")
      }
      var position = ReadStream()
      position.stream = "s"
      position.pageToken = Data(count: 1 << 20)
      let token = position
      let ofStream = await served.refusal { _ = try await $0.log.readStreamPage(token) }
      #expect(ofStream == .invalidArgument)
      var event = Wordweave_Events_V1_ReadEventRequest()
      let unnamed = event
      #expect(await served.refusal { _ = try await $0.log.readEvent(unnamed) } == .invalidArgument)
      event.id = Data([1])
      let short = event
      #expect(await served.refusal { _ = try await $0.log.readEvent(short) } == .invalidArgument)
      // Nothing of all that was written, and the log goes on.
      #expect(try await served.log.head(.init()).head == 0)
      #expect(try await served.log.append(Self.append()).position == 1)
    }
  }

  @Test func subscriptionsThatMakeNoSenseEndWithAStatus() async throws {
    try await ServedEvents.with { served async throws in
      func code(_ change: (inout Subscribe) -> Void) async -> RPCError.Code? {
        var request = Subscribe()
        change(&request)
        let asked = request
        return await served.refusal { served in
          try await served.log.subscribe(asked) { for try await _ in $0.messages {} }
        }
      }
      #expect(await code { $0.limit = .max } == .invalidArgument)
      #expect(await code { $0.form = .UNRECOGNIZED(7) } == .invalidArgument)
      #expect(await code { $0.checkpoint.logID = Data([1]) } == .invalidArgument)
      #expect(await code { $0.checkpoint.logID = Data((1...16).map { $0 }) } == .invalidArgument)
      #expect(
        await code {
          $0.items = Array(repeating: .init(), count: EventLogLimits.queryItems + 1)
        } == .invalidArgument
      )
      // A start nobody has reached waits; it takes nothing but its own deadline.
      var far = Subscribe()
      far.after = .max
      let waiting = far
      var options = CallOptions.defaults
      options.timeout = .milliseconds(300)
      let limited = options
      let end = await served.refusal { served in
        try await served.log.subscribe(waiting, options: limited) {
          for try await _ in $0.messages {}
        }
      }
      #expect(end == .deadlineExceeded)
    }
  }

  @Test func callsThatAreCancelledLeaveNothingBehind() async throws {
    let engine = WatchedEngine()
    try await ServedEvents.with(engine: engine) { served async throws in
      var request = Wordweave_Events_V1_HeadRequest()
      request.beyond = .max
      let beyond = request
      let waits = (0..<40).map { index in
        Task {
          await served.refusal { served in
            if index.isMultiple(of: 2) {
              _ = try await served.log.head(beyond)
            } else {
              try await served.log.subscribe(.init()) { for try await _ in $0.messages {} }
            }
          }
        }
      }
      // Twenty that wait by themselves, and the subscriptions together.
      #expect(try await holds { engine.waits == 21 }, "\(engine.waits)")
      for wait in waits { wait.cancel() }
      for wait in waits { _ = await wait.value }
      #expect(try await holds { engine.waits == 0 }, "\(engine.waits)")

      // An import that stops in the middle has written nothing.
      let transfer = Wordweave_Events_V1_Transfer.Client(wrapping: served.client)
      let (isSent, sent) = AsyncStream.makeStream(of: Void.self)
      let importing = Task {
        // Busy with so many cancellations at once, the client's library may give its connection up,
        // and refuses until it has another.
        while !Task.isCancelled {
          _ = await served.refusal { _ in
            _ = try await transfer.import { writer in
              try await writer.write(.init())
              sent.yield()
              try await Task.sleep(for: .seconds(60))
            }
          }
        }
      }
      for await _ in isSent { break }
      importing.cancel()
      await importing.value
      #expect(
        try await holds {
          (try? await served.log.append(Self.append()).position) == 1
        }
      )
    }
  }

  @Test(
    arguments: [
      ("1S", Duration.seconds(1)), ("99999999n", .nanoseconds(99_999_999)),
      ("5m", .milliseconds(5)),
      ("0u", .zero), ("2M", .seconds(120)), ("1H", .seconds(3600)), ("S", nil), ("", nil),
      ("10000000u", .seconds(10)), ("99999999H", .seconds(359_999_996_400)),
      ("-1S", nil), ("+1S", nil), ("1", nil), ("1x", nil), ("999999999S", nil), ("1 S", nil),
      ("１S", nil),
    ] as [(String, Duration?)]
  )
  func deadlinesAreReadOrIgnored(_ text: String, _ duration: Duration?) {
    #expect(CallTimeout(text)?.duration == duration)
  }

  /// gRPC's own reading of a timeout ends the process at some of these.
  @Test func aTimeoutOfAnyKindIsAnswered() async throws {
    try await ServedEvents.with { served async throws in
      let connection = try RawConnection(port: served.port)
      connection.greet()
      connection.acknowledgeSettings()
      let texts = ["-1S", "-9999999H", "+1S", "99999999H", "", "S", "\u{FFFD}"]
      for (number, text) in texts.enumerated() {
        let stream = UInt32(2 * number + 1)
        let fields = [("grpc-timeout", text)]
        connection.send(
          Frame.headers("/grpc.health.v1.Health/Check", stream: stream, fields)
            + Frame.message(stream: stream)
        )
      }
      let all = Set(texts.indices.map { UInt32(2 * $0 + 1) })
      var heard: [UInt8] = []
      #expect(
        try await holds {
          heard += connection.read() ?? []
          return Frame.ends(in: heard) == all
        },
        "\(Frame.ends(in: heard)) are answered"
      )
      #expect(try await served.log.append(Self.append()).position == 1)
    }
  }

  /// As many as the protocol has, and one more than gRPC reads.
  @Test(.timeLimit(.minutes(3))) func aDeadlineOfEightDigitsIsKept() async throws {
    try await ServedEvents.with { served async throws in
      var request = Wordweave_Events_V1_HeadRequest()
      request.beyond = .max
      let beyond = request
      let metadata: GRPCCore.Metadata = ["grpc-timeout": "20000000n"]
      // Whatever has no deadline that is known ends after so long, and streams never.
      let longest = CallBounds.longestLimit
      var begin = ContinuousClock.now
      let head = await served.refusal { served in
        _ = try await served.log.head(beyond, metadata: metadata)
      }
      #expect(head == .deadlineExceeded)
      #expect(ContinuousClock.now - begin < longest)
      begin = .now
      let stream = await served.refusal { served in
        try await served.log.subscribe(.init(), metadata: metadata) {
          for try await _ in $0.messages {}
        }
      }
      #expect(stream == .deadlineExceeded)
      #expect(ContinuousClock.now - begin < longest)
    }
  }

  @Test(.enabled(if: ProcessInfo.processInfo.environment["WORDWEAVE_LONG"] == "1"))
  func aDeadlineBeyondAMinuteIsCut() async throws {
    try await ServedEvents.with { served async throws in
      var request = Wordweave_Events_V1_HeadRequest()
      request.beyond = .max
      let beyond = request
      var options = CallOptions.defaults
      options.timeout = .seconds(300)
      let long = options
      let begin = ContinuousClock.now
      let code = await served.refusal { _ = try await $0.log.head(beyond, options: long) }
      #expect(code == .deadlineExceeded)
      let took = ContinuousClock.now - begin
      #expect(took > .seconds(58) && took < .seconds(75), "\(took)")
    }
  }
}
