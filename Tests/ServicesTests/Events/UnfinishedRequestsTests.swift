import EventLogCore
import GRPCCore
import HTTP2Driver
import Schemas
import SwiftProtobuf
import Synchronization
import Testing

@testable import EventsService

/// Requests that never end, or hold what no answer can say: who sends them costs the server little,
/// and is answered.
@Suite struct UnfinishedRequestsTests {
  private final class Tokens: CallAuthority {
    private let known = Mutex<[String: CallRights]>([:])

    init(_ known: [String: CallRights]) { self.known.withLock { $0 = known } }

    func rights(of token: String) -> CallRights? { known.withLock { $0[token] } }

    func revoke(_ token: String) { known.withLock { $0[token] = nil } }
  }

  private static let append = "/umadb.v1.DCB/Append"
  /// The head of a message of so many bytes, and some of them.
  private static func begun(_ length: Int, sent: Int) -> [UInt8] {
    let prefix: [UInt8] =
      [0] + (0..<4).map { UInt8(truncatingIfNeeded: length >> (24 - 8 * $0)) }
    return prefix + [UInt8](repeating: 0, count: sent)
  }

  private static func data(_ bytes: [UInt8], stream: UInt32) -> [UInt8] {
    let frame = 1 << 14
    var frames: [UInt8] = []
    for start in stride(from: 0, to: bytes.count, by: frame) {
      let piece = Array(bytes[start..<min(start + frame, bytes.count)])
      frames += Frame.frame(type: 0, stream: stream, piece)
    }
    return frames
  }

  /// Waits until these streams are reset; answers which were.
  private static func resets(
    of streams: Set<UInt32>,
    on connection: RawConnection
  ) async throws -> Set<UInt32> {
    var heard: [UInt8] = []
    _ = try await holds {
      guard let bytes = connection.read() else { return true }
      heard += bytes
      return streams.isSubset(of: Frame.resets(in: heard))
    }
    return streams.intersection(Frame.resets(in: heard))
  }

  @Test(arguments: [append, "/wordweave.events.v1.EventLog/Append"])
  func whoMayNotCallIsToldBeforeItsRequestIsTaken(path: String) async throws {
    try await ServedEvents.with(authority: Tokens(["r": .read])) { served async throws in
      let connection = try RawConnection(port: served.port)
      connection.greet()
      connection.acknowledgeSettings()
      connection.send(Frame.headers(path, stream: 1))
      connection.send(Frame.headers(path, stream: 3, [("authorization", "Bearer wrong")]))
      connection.send(Frame.headers(path, stream: 5, [("authorization", "Bearer r")]))
      // Not a byte of the messages was sent.
      #expect(try await Self.resets(of: [1, 3, 5], on: connection) == [1, 3, 5])
    }
  }

  @Test func aRightThatIsLostWhileTheRequestComesInIsMissed() async throws {
    let tokens = Tokens(["w": .append])
    try await ServedEvents.with(authority: tokens) { served async throws in
      let connection = try RawConnection(port: served.port)
      connection.greet()
      connection.acknowledgeSettings()
      connection.send(Frame.headers(Self.append, [("authorization", "Bearer w")]))
      // It runs, which is seen by nothing but that it is not refused.
      try await Task.sleep(for: RunningCalls.pace + .milliseconds(200))
      #expect(Frame.resets(in: connection.read() ?? []).isEmpty)
      tokens.revoke("w")
      var event = Umadb_V1_Event()
      event.eventType = "Happened"
      var request = Umadb_V1_AppendRequest()
      request.events = [event]
      connection.send(Frame.message(try request.serializedBytes()))
      #expect(try await holds { connection.read()?.isEmpty == false })
      #expect(try await served.engine.head() == .start)
    }
  }

  /// What gRPC serves begins with the last byte of its request, long after its head was let in.
  @Test func aRightThatIsLostBeforeTheRequestIsWholeIsMissedByWhatGRPCServes() async throws {
    let tokens = Tokens(["a": .admin, "b": .admin])
    try await ServedEvents.with(authority: tokens) { served async throws in
      let event = NewEvent(type: "Happened", data: [1])
      _ = try await served.engine.append(AppendRequest(to: "s", [event]))
      let head = try await served.engine.head()
      let connection = try RawConnection(port: served.port)
      connection.greet()
      connection.acknowledgeSettings()
      for (stream, token) in [(1, "a"), (3, "b")] as [(UInt32, String)] {
        connection.send(
          Frame.headers(
            "/wordweave.events.v1.Streams/Tombstone",
            stream: stream,
            [("authorization", "Bearer \(token)")]
          )
        )
      }
      // Both run, which is seen by nothing but that they are not refused.
      try await Task.sleep(for: RunningCalls.pace + .milliseconds(200))
      var heard = connection.read() ?? []
      #expect(Frame.ends(in: heard).isEmpty)
      tokens.revoke("a")
      var request = Wordweave_Events_V1_TombstoneRequest()
      request.stream = "s"
      let message: [UInt8] = try request.serializedBytes()
      func answered(_ stream: UInt32) async throws -> Bool {
        try await holds {
          heard += connection.read() ?? []
          return Frame.ends(in: heard).contains(stream)
        }
      }
      connection.send(Frame.message(message, stream: 1))
      #expect(try await answered(1))
      #expect(try await served.engine.head() == head)
      // The same goes through for whom it was let in and still is.
      connection.send(Frame.message(message, stream: 3))
      #expect(try await answered(3))
      #expect(try await served.engine.head() != head)
    }
  }

  @Test func unfinishedRequestsOfAConnectionAreBounded() async throws {
    try await ServedEvents.with { served async throws in
      let connection = try RawConnection(port: served.port)
      connection.greet()
      connection.acknowledgeSettings()
      let each = 16 << 20
      let calls = WireConnection.unfinishedBound / each + 1
      let last = UInt32(2 * calls - 1)
      for number in 0..<calls {
        let stream = UInt32(2 * number + 1)
        // All but the last byte.
        connection.send(
          Frame.headers(Self.append, stream: stream)
            + Self.data(Self.begun(each, sent: each - 1), stream: stream)
        )
      }
      #expect(try await Self.resets(of: [last], on: connection) == [last])
      // Whoever ends one makes room.
      connection.send(Frame.frame(type: 3, stream: 1, [0, 0, 0, 8]))
      let next = last + 2
      connection.send(
        Frame.headers(Self.append, stream: next)
          + Self.data(Self.begun(each, sent: each / 2), stream: next)
      )
      try await Task.sleep(for: .milliseconds(300))
      #expect(!Frame.resets(in: connection.read() ?? []).contains(next))
      _ = try await served.log.head(.init())
    }
  }

  /// A message is kept until its request is whole, also one that gRPC has taken.
  @Test func wholeMessagesOfUnfinishedRequestsAreBounded() async throws {
    try await ServedEvents.with { served async throws in
      let connection = try RawConnection(port: served.port)
      connection.greet()
      connection.acknowledgeSettings()
      var request = Wordweave_Events_V1_ReadStreamRequest()
      // With what surrounds it, and what is counted beside it, a little less than 16 MiB.
      request.stream = String(repeating: "x", count: 16 << 20 - 128)
      let message: [UInt8] = try request.serializedBytes()
      let calls = WireConnection.unfinishedBound / message.count + 1
      let streams = (0..<calls).map { UInt32(2 * $0 + 1) }
      for stream in streams {
        connection.send(
          Frame.headers("/wordweave.events.v1.EventLog/ReadStream", stream: stream)
            + Self.data(message.framed, stream: stream)
        )
      }
      let last = try #require(streams.last)
      var heard: [UInt8] = []
      _ = try await holds {
        heard += connection.read() ?? []
        return Frame.resets(in: heard).contains(last)
      }
      #expect(Frame.resets(in: heard) == [last])
      _ = try await served.log.head(.init())
    }
  }

  /// A stream keeps what it was asked for as long as it goes on: here a field that nobody knows.
  @Test func requestsOfStreamsThatGoOnAreBounded() async throws {
    try await ServedEvents.with { served async throws in
      let connection = try RawConnection(port: served.port, receiveBuffer: 1 << 16)
      connection.greet()
      connection.acknowledgeSettings()
      var unknown = Wordweave_Events_V1_ReadStreamRequest()
      unknown.stream = String(repeating: "x", count: 16 << 20 - 128)
      let message: [UInt8] = try unknown.serializedBytes()
      let calls = WireConnection.unfinishedBound / message.count + 1
      let last = UInt32(2 * calls - 1)
      for stream in stride(from: 1, through: last, by: 2) {
        connection.send(
          Frame.headers("/wordweave.events.v1.EventLog/WatchHead", stream: stream)
            + Self.data(message.framed, stream: stream)
            + Frame.frame(type: 0, flags: 1, stream: stream, [])
        )
      }
      var heard: [UInt8] = []
      _ = try await holds {
        heard += connection.read() ?? []
        return Frame.ends(in: heard).contains(last)
      }
      #expect(Frame.ends(in: heard) == [last])
    }
  }

  @Test(arguments: [
    "/grpc.health.v1.Health/Watch", "/wordweave.events.v1.EventLog/Subscribe",
    "/umadb.v1.DCB/Subscribe",
  ])
  func theRequestOfAStreamHasItsTimeAndTheStreamHasNone(path: String) async throws {
    let limit = Duration.milliseconds(300)
    try await ServedEvents.with(settings: { $0.callLimit = limit }) { served async throws in
      let connection = try RawConnection(port: served.port)
      connection.greet()
      connection.acknowledgeSettings()
      connection.send(Frame.headers(path, stream: 1) + Frame.message(stream: 1))
      connection.send(Frame.headers(path, stream: 3) + Frame.message(stream: 3, isLast: false))
      var heard: [UInt8] = []
      _ = try await holds {
        heard += connection.read() ?? []
        return Frame.ends(in: heard).contains(3)
      }
      try await Task.sleep(for: limit)
      heard += connection.read() ?? []
      #expect(Frame.ends(in: heard) == [3])
    }
  }

  @Test func streamsThatTakeNoRightAreFew() async throws {
    try await ServedEvents.with(authority: Tokens([:])) { served async throws in
      let connection = try RawConnection(port: served.port)
      connection.greet()
      connection.acknowledgeSettings()
      func watch(_ stream: UInt32) {
        connection.send(
          Frame.headers("/grpc.health.v1.Health/Watch", stream: stream)
            + Frame.message(stream: stream)
        )
      }
      let last = UInt32(2 * CallTable.openStreams + 1)
      for stream in stride(from: 1, through: last, by: 2) { watch(stream) }
      var heard: [UInt8] = []
      _ = try await holds {
        heard += connection.read() ?? []
        return Frame.heads(in: heard).count == CallTable.openStreams + 1
      }
      #expect(Frame.ends(in: heard) == [last])
      // Whoever ends one makes room.
      connection.send(Frame.frame(type: 3, stream: 1, [0, 0, 0, 8]))
      watch(last + 2)
      _ = try await holds {
        heard += connection.read() ?? []
        return Frame.heads(in: heard).contains(last + 2)
      }
      #expect(Frame.heads(in: heard).contains(last + 2))
      #expect(Frame.ends(in: heard) == [last])
    }
  }

  @Test(arguments: [
    append, "/wordweave.events.v1.EventLog/Head", "/wordweave.events.v1.EventLog/Append",
    "/wordweave.events.v1.Transfer/Import", "/grpc.health.v1.Health/Check",
  ])
  func theTimeOfARequestThatNeverEndsIsOver(path: String) async throws {
    try await ServedEvents.with { served async throws in
      let connection = try RawConnection(port: served.port)
      connection.greet()
      connection.acknowledgeSettings()
      connection.send(Frame.headers(path, [("grpc-timeout", "200m")]))
      #expect(try await Self.resets(of: [1], on: connection) == [1])
    }
  }

  /// What is echoed is cut: a head of any length would never be sent.
  @Test func longTextsAreAnsweredInShort() async throws {
    try await ServedEvents.with { served async throws in
      let text = String(repeating: "ü", count: 30_000)
      var event = Umadb_V1_Event()
      event.eventType = "Happened"
      event.uuid = text
      var append = Umadb_V1_AppendRequest()
      append.events = [event]
      let method = Umadb_V1_DCB.Method.Append.descriptor
      let bytes: [UInt8] = try append.serializedBytes()
      let invalid = await served.refusal { try await $0.call(method, bytes, timeout: .patience) }
      #expect(invalid == .invalidArgument)
      for (name, code) in [
        (String(repeating: "ü", count: CallTable.openBytes / 4), RPCError.Code.notFound),
        (String(repeating: "x", count: CallTable.openBytes), .resourceExhausted),
      ] {
        var asked = Grpc_Health_V1_HealthCheckRequest()
        asked.service = name
        let bytes: [UInt8] = try asked.serializedBytes()
        let check = Grpc_Health_V1_Health.Method.Check.descriptor
        let refusal = await served.refusal { try await $0.call(check, bytes, timeout: .patience) }
        #expect(refusal == code)
      }
    }
  }

  @Test func anEncodingOfAnyLengthIsToldInShort() throws {
    let noise = String(repeating: "\u{FFFD}", count: 5_000)
    let fields = [
      (":method", "POST"), (":path", "/a.B/C"), ("content-type", "application/grpc"),
      ("grpc-encoding", noise),
    ]
    let error = #expect(throws: RequestHead.Refusal.self) {
      try RequestHead(fields.map { HTTP2Header($0.0, $0.1) })
    }
    guard case .status(let refusal)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    let status = Status(code: .unimplemented, message: refusal.message)
    let head = ResponseHead.only(status, refusal.metadata)
    #expect(head.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count } < 4096)
  }
}
