import EventLogCore
import GRPCCore
import Schemas
import Synchronization
import Testing
import WeaveRuntime

@testable import EventsService

/// Ends that do what no client should; the others must not notice.
@Suite struct HostileConnectionsTests {
  private static let subscribe = "/wordweave.events.v1.EventLog/Subscribe"

  /// Within which a silent end is found, and a little for a busy machine.
  private static let bound = ConnectionPulse.pace + ConnectionPulse.patience + .seconds(10)

  private static func append(_ size: Int = 3) -> Wordweave_Events_V1_AppendRequest {
    var event = Wordweave_Events_V1_NewEvent()
    event.type = "Happened"
    event.data = protobufBytes([UInt8](repeating: 1, count: size))
    var part = Wordweave_Events_V1_StreamAppend()
    part.stream = "s"
    part.events = [event]
    var request = Wordweave_Events_V1_AppendRequest()
    request.parts = [part]
    return request
  }

  @Test func anEndThatGoesDeafIsGivenUpAndItsCallsEnd() async throws {
    let engine = WatchedEngine()
    try await ServedEvents.with(engine: engine) { served async throws in
      // One stopped in the middle of events, one waits for some, and neither answers a ping.
      let full = try RawConnection(port: served.port)
      full.greet()
      full.send(Frame.headers(Self.subscribe) + Frame.message())
      let idle = try RawConnection(port: served.port)
      idle.greet()
      idle.send(Frame.headers("/wordweave.events.v1.EventLog/WatchHead") + Frame.message())
      #expect(try await holds { engine.waits >= 2 })
      for _ in 0..<20 { _ = try await served.log.append(Self.append(1 << 18)) }
      for connection in [full, idle] {
        #expect(try await holds(within: Self.bound) { connection.isReset }, "it was kept")
      }
      // What they asked for has ended with them; the server's own client watches nothing.
      #expect(try await holds { engine.waits == 0 }, "\(engine.waits) wait")
      _ = try await served.log.append(Self.append())
    }
  }

  @Test func whoNeverSaysWhatItWantsIsGivenUp() async throws {
    try await ServedEvents.with { served async throws in
      let silent = try RawConnection(port: served.port)
      let halfway = try RawConnection(port: served.port)
      halfway.send(Array(RawConnection.preface.prefix(11)))
      // A header that never ends, byte by byte, so that it is never silent.
      let dribbling = try RawConnection(port: served.port)
      dribbling.greet()
      let header = Frame.headers(Self.subscribe)
      dribbling.send(Array(header.prefix(12)))
      let bytes = Mutex(Array(header.dropFirst(12).dropLast()))
      // One that answers stays, however idle it is.
      let begin = ContinuousClock.now
      var ended: [Bool] = [false, false, false]
      while ended.contains(false), ContinuousClock.now - begin < Self.bound {
        if let byte = bytes.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) {
          dribbling.send([byte])
        }
        ended = [silent.isReset, halfway.isReset, dribbling.isReset]
        try await Task.sleep(for: .milliseconds(500))
      }
      #expect(ended == [true, true, true])
      _ = try await served.log.append(Self.append())
    }
  }

  /// Answers to pings alone keep a connection: they are fewer bytes than what else would.
  @Test func whoAnswersPingsAndSaysNothingElseStays() async throws {
    try await ServedEvents.with { served async throws in
      let quiet = try RawConnection(port: served.port)
      quiet.greet()
      quiet.acknowledgeSettings()
      // On a thread of its own: beside other tests, a task may wait longer than an answer may take.
      let pool = BlockingPool(name: "quiet", threads: 1)
      defer { pool.shutdown() }
      let answered = await pool.run {
        let begin = ContinuousClock.now
        var answered = 0
        while ContinuousClock.now - begin < Self.bound, let bytes = quiet.read() {
          for token in Frame.pings(in: bytes) {
            quiet.send(Frame.frame(type: 6, flags: 1, stream: 0, token))
            answered += 1
          }
          Thread.sleep(for: .milliseconds(50))
        }
        return answered
      }
      #expect(!quiet.isReset && quiet.read() != nil, "it was dropped")
      // One for each beat of the pulse.
      #expect(answered >= 3)
    }
  }

  @Test func garbageEndsItsOwnConnectionAtOnce() async throws {
    try await ServedEvents.with { served async throws in
      let preface = RawConnection.preface + Frame.settings()
      let garbage: [(Comment, [UInt8])] = [
        ("another protocol", Array("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8)),
        ("noise", (0..<4096).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ 7) }),
        ("a preface, then noise", preface + [UInt8](repeating: 0xFF, count: 512)),
        ("no settings", RawConnection.preface + Frame.headers(Self.subscribe)),
        ("a frame of four megabytes", preface + [0x40, 0, 0, 0, 0, 0, 0, 0, 1]),
        ("data of no stream", preface + Frame.message(stream: 7)),
        (
          "headers that cannot be read", preface + Frame.frame(type: 1, flags: 4, stream: 1, [0xFF])
        ),
        ("an even stream", preface + Frame.headers(Self.subscribe, stream: 2)),
      ]
      for (comment, bytes) in garbage {
        let connection = try RawConnection(port: served.port)
        connection.send(bytes)
        #expect(try await connection.waitForEnd(), comment)
      }
      _ = try await served.log.append(Self.append())
    }
  }

  @Test func aFloodOfHeadersIsBounded() async throws {
    try await ServedEvents.with { served async throws in
      // A block that goes on for ever, in one piece after the other.
      let connection = try RawConnection(port: served.port)
      connection.greet()
      let piece = [UInt8](repeating: 0, count: 1 << 10)
      connection.send(Frame.frame(type: 1, stream: 1, Frame.block(Self.subscribe)))
      let begin = ContinuousClock.now
      while !connection.isReset, connection.read() != nil,
        ContinuousClock.now - begin < .seconds(5)
      {
        connection.send(Frame.frame(type: 9, stream: 1, piece))
        try await Task.sleep(for: .milliseconds(1))
      }
      #expect(try await connection.waitForEnd())
      _ = try await served.log.append(Self.append())
    }
  }

  @Test func whoDoesNothingButPingIsDropped() async throws {
    try await ServedEvents.with { served async throws in
      let ping = Frame.frame(type: 6, stream: 0, [UInt8](repeating: 7, count: 8))
      let patient = try RawConnection(port: served.port)
      patient.greet()
      for _ in 0..<WireConnection.pingsPerBeat { patient.send(ping) }
      let hasty = try RawConnection(port: served.port)
      hasty.greet()
      for _ in 0...WireConnection.pingsPerBeat { hasty.send(ping) }
      #expect(try await hasty.waitForEnd())
      #expect(!patient.isReset)
      #expect(patient.read() != nil, "one that pings within the bound was dropped")
      _ = try await served.log.append(Self.append())
    }
  }

  @Test func callsBeyondTheLimitOfAConnectionAreRefused() async throws {
    try await ServedEvents.with(settings: { $0.streamsPerConnection = 8 }) { served async throws in
      let connection = try RawConnection(port: served.port, receiveBuffer: 1 << 16)
      connection.greet()
      var heard: [UInt8] = []
      #expect(
        try await holds {
          heard += connection.read() ?? []
          return !heard.isEmpty
        }
      )
      connection.acknowledgeSettings()
      for number in 0..<9 {
        let stream = UInt32(2 * number + 1)
        connection.send(
          Frame.headers(Self.subscribe, stream: stream) + Frame.message(stream: stream)
        )
      }
      // The eight are answered; who opens more than it was told it may hears a refusal, or nothing.
      #expect(
        try await holds(within: ConnectionPulse.patience) {
          guard let bytes = connection.read() else { return true }
          heard += bytes
          return Frame.resets(in: heard).contains(17)
        }
      )
      _ = try await served.log.append(Self.append())
    }
  }

  /// It sends on and on, so that it is neither silent nor at an end.
  @Test func whoReadsNoneOfItsRefusalsIsReset() async throws {
    try await ServedEvents.with(settings: { $0.streamsPerConnection = 8 }) { served async throws in
      let connection = try RawConnection(port: served.port)
      connection.greet()
      for number in 0..<8 {
        let stream = UInt32(2 * number + 1)
        connection.send(
          Frame.headers(Self.subscribe, stream: stream) + Frame.message(stream: stream)
        )
      }
      // More refusals than the system keeps of what is not read, and than the server does.
      let begin = ContinuousClock.now
      var next: UInt32 = 17
      while !connection.isReset, ContinuousClock.now - begin < .seconds(10) {
        connection.send(Frame.heads(1000, from: next))
        next += 2000
        await Task.yield()
      }
      #expect(connection.isReset, "\(next / 2) streams were refused, and none of it read")
      _ = try await served.log.append(Self.append())
    }
  }

  @Test func connectionsBeyondTheLimitAreClosedAndTheOthersGoOn() async throws {
    try await ServedEvents.with(settings: { $0.connections = 9 }) { served async throws in
      // One is the client's own.
      _ = try await served.log.append(Self.append())
      var held: [RawConnection] = []
      for _ in 0..<8 {
        let connection = try RawConnection(port: served.port)
        connection.greet()
        held.append(connection)
      }
      // Each is greeted in turn.
      for connection in held {
        #expect(try await holds { connection.read()?.isEmpty == false })
      }
      for _ in 0..<20 {
        let late = try RawConnection(port: served.port)
        #expect(try await late.waitForEnd())
      }
      _ = try await served.log.append(Self.append())
      #expect(!held.contains { $0.isReset }, "one that was there was closed for a late one")
      // A place that was left is taken again, once the server has seen that it was left.
      held.removeFirst(4)
      #expect(
        try await holds {
          let again = try RawConnection(port: served.port)
          again.greet()
          return try await holds(within: .milliseconds(500)) { again.read()?.isEmpty == false }
        }
      )
    }
  }
}
