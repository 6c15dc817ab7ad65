import EventLogCore
import EventLogInMemory
import Testing
import WeaveRuntime

@testable import EventsService

/// Who takes an answer bit by bit gets all of it.
///
/// They read on threads of their own: beside other tests a task may wait longer than somebody who
/// reads may seem deaf.
@Suite(.timeLimit(.minutes(2))) struct SlowReadersTests {
  private static let readAll = "/wordweave.events.v1.EventLog/ReadAll"
  /// Takes all that is sent here.
  private static let window: UInt32 = 1 << 24

  /// Lends a service with so many events.
  private static func served(
    _ events: Int,
    of bytes: Int,
    _ body: (ServedEvents) async throws -> Void
  ) async throws {
    let engine = InMemoryEventLog()
    for _ in 0..<events {
      let event = NewEvent(type: "Happened", data: [UInt8](repeating: 1, count: bytes))
      _ = try await engine.append(AppendRequest(to: "s", [event]))
    }
    try await ServedEvents.with(engine: engine) { served in try await body(served) }
  }

  /// A connection that reads the whole log.
  private static func reader(
    of served: ServedEvents,
    window: UInt32,
    receiveBuffer: Int32 = 1 << 16
  ) throws -> RawConnection {
    let connection = try RawConnection(port: served.port, receiveBuffer: receiveBuffer)
    connection.send(RawConnection.preface + Frame.settings(window: window))
    connection.acknowledgeSettings()
    if window > 0 { connection.send(Frame.window(window, stream: 0)) }
    connection.send(Frame.headers(readAll) + Frame.message())
    return connection
  }

  /// Reads so many bytes ten times a second; until the time is over, or the connection is.
  ///
  /// - sending: what it sends each time.
  private static func trickle(
    _ connection: RawConnection,
    _ bytes: Int,
    for time: Duration,
    sending: [UInt8] = []
  ) -> [UInt8] {
    let begin = ContinuousClock.now
    var heard: [UInt8] = []
    while ContinuousClock.now - begin < time, !connection.isReset,
      let some = connection.read(atMost: bytes)
    {
      heard += some
      if !sending.isEmpty { connection.send(sending) }
      Thread.sleep(for: .milliseconds(100))
    }
    return heard
  }

  /// It answers no ping and opens no window: what the socket takes is the only sign of it.
  @Test func whoReadsSlowlyAndSteadilyStays() async throws {
    // More than the system would take at once.
    try await Self.served(16, of: 1 << 19) { served in
      let connection = try Self.reader(of: served, window: Self.window)
      let pool = BlockingPool(name: "slow", threads: 1)
      defer { pool.shutdown() }
      let time = ConnectionPulse.pace + ConnectionPulse.patience + .seconds(4)
      let heard = await pool.run { Self.trickle(connection, 5_000, for: time) }
      #expect(!connection.isReset, "after \(heard.count) bytes")
      #expect(heard.count > 100_000)
    }
  }

  /// Nothing waits for room any more, and the answer to a ping waits behind all of it.
  @Test func whoTakesSlowlyWhatTheSystemHasAlreadyStays() async throws {
    try await Self.served(1, of: 300 << 10) { served in
      let connection = try Self.reader(of: served, window: Self.window)
      let pool = BlockingPool(name: "slow", threads: 1)
      defer { pool.shutdown() }
      let time = ConnectionPulse.pace + ConnectionPulse.patience + .seconds(4)
      let heard = await pool.run { Self.trickle(connection, 900, for: time) }
      #expect(!connection.isReset, "after \(heard.count) bytes")
      #expect((100_000..<300 << 10).contains(heard.count))
    }
  }

  @Test func theLastOfAConnectionIsNotThrownAwayUnderASlowReader() async throws {
    let bytes = 280 << 10
    try await Self.served(1, of: bytes) { served in
      let connection = try Self.reader(of: served, window: Self.window)
      connection.send(Self.goodbye)
      let pool = BlockingPool(name: "slow", threads: 1)
      defer { pool.shutdown() }
      let heard = await pool.run {
        // Longer than who reads nothing is waited for.
        var heard = Self.trickle(connection, 1_000, for: .seconds(7))
        Self.rest(of: connection, into: &heard)
        return heard
      }
      #expect(Frame.dataBytes(in: heard) > bytes)
      #expect(Frame.ends(in: heard) == [1])
    }
  }

  /// A socket that is closed answers it with a reset.
  @Test func norWhenTheReaderStillSends() async throws {
    let bytes = 280 << 10
    try await Self.served(1, of: bytes) { served in
      // Next to nothing of it is with the reader already.
      let connection = try Self.reader(of: served, window: Self.window, receiveBuffer: 1 << 12)
      connection.send(Self.goodbye)
      let pool = BlockingPool(name: "slow", threads: 1)
      defer { pool.shutdown() }
      let heard = await pool.run {
        var heard: [UInt8] = []
        // The server has handed over all that is left then.
        Self.rest(of: connection, into: &heard, upTo: bytes - (64 << 10))
        let window = Frame.window(1_000, stream: 0)
        heard += Self.trickle(connection, 1_000, for: .seconds(2), sending: window)
        Self.rest(of: connection, into: &heard)
        return heard
      }
      #expect(Frame.dataBytes(in: heard) > bytes)
      #expect(Frame.ends(in: heard) == [1])
    }
  }

  /// With which a reader says that it asks for nothing more: the connection ends with its answer.
  private static let goodbye = Frame.frame(type: 7, stream: 0, [UInt8](repeating: 0, count: 8))

  /// Reads on until the connection has ended, or so much was heard.
  private static func rest(
    of connection: RawConnection,
    into heard: inout [UInt8],
    upTo limit: Int = .max
  ) {
    let end = ContinuousClock.now + .seconds(20)
    while heard.count < limit, ContinuousClock.now < end,
      let some = connection.read(atMost: min(limit - heard.count, 1 << 16))
    {
      heard += some
      if some.isEmpty { Thread.sleep(for: .milliseconds(10)) }
    }
  }

  /// Clients measure the line while an answer flows, with a ping for each piece of it.
  @Test func pingsBesideAnAnswerThatFlowsAreNoFlood() async throws {
    let piece = 1 << 10
    let rounds = 3 * WireConnection.pingsPerBeat
    // All of it is written before the first piece goes out.
    try await Self.served(1, of: 1 << 17) { served in
      let connection = try Self.reader(of: served, window: 0)
      let pool = BlockingPool(name: "pinging", threads: 1)
      defer { pool.shutdown() }
      let done = await pool.run {
        let ping = Frame.frame(type: 6, stream: 0, [UInt8](repeating: 7, count: 8))
        let end = ContinuousClock.now + .seconds(20)
        var heard: [UInt8] = []
        for round in 1...rounds {
          connection.send(Frame.window(UInt32(piece), stream: 1) + ping)
          while Frame.dataBytes(in: heard) < round * piece {
            guard ContinuousClock.now < end, let some = connection.read() else { return round - 1 }
            heard += some
            if some.isEmpty { Thread.sleep(for: .milliseconds(1)) }
          }
        }
        return rounds
      }
      #expect(done == rounds, "it was dropped")
    }
  }
}
