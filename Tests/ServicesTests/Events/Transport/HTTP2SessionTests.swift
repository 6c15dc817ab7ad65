import HTTP2Driver
import Testing

/// The server's side of a connection, without one.
@Suite struct HTTP2SessionTests {
  /// Answers nothing by itself.
  private final class Calls: HTTP2Events {
    var begun: [HTTP2Stream] = []
    var closed: [Int32] = []
    var opened = 0

    func began(_ stream: HTTP2Stream, head: [HTTP2Header], isLast: Bool) { begun.append(stream) }
    func received(_ bytes: UnsafeRawBufferPointer, of stream: HTTP2Stream) {}
    func ended(_ stream: HTTP2Stream) {}
    func closed(_ stream: HTTP2Stream) { closed.append(stream.id) }
    func sent(_ count: Int, of stream: HTTP2Stream) {}
    func opened(_ count: Int) { opened += count }
    func pinged() {}
    func ponged(_ token: UInt64) {}
  }

  private static func take(_ bytes: [UInt8], into session: HTTP2Session) throws(HTTP2Error) {
    let taken = bytes.withUnsafeBytes { bytes in
      Result { () throws(HTTP2Error) in try session.receive(bytes) }
    }
    try taken.get()
  }

  private static func output(of session: HTTP2Session) throws(HTTP2Error) -> [UInt8] {
    var bytes: [UInt8] = []
    while try session.output({ bytes += Array($0) }) {}
    return bytes
  }

  private static func begin(
    _ calls: Calls,
    streams: UInt32 = 100
  ) throws -> HTTP2Session {
    var settings = HTTP2Settings()
    settings.streams = streams
    let session = try HTTP2Session(settings, calls)
    try take(RawConnection.preface + Frame.settings(), into: session)
    return session
  }

  @Test func anAnswerWhoseHeadCannotBeSentEndsItsStream() throws {
    let calls = Calls()
    let session = try Self.begin(calls)
    for stream: UInt32 in [1, 3] {
      try Self.take(Frame.headers("/a.B/C", stream: stream), into: session)
    }
    try #require(calls.begun.count == 2)
    // More than nghttp2 puts into a head.
    let long = HTTP2Header("long", String(repeating: "x", count: 70_000))
    session.respond(to: calls.begun[0], [HTTP2Header(":status", "200"), long], isLast: true)
    session.respond(to: calls.begun[1], [HTTP2Header(":status", "200")], isLast: false)
    session.end(calls.begun[1], trailers: [long])
    let sent = try Self.output(of: session)
    #expect(Set(Frame.resets(in: sent)) == [1, 3])
    #expect(Set(calls.closed) == [1, 3])
  }

  @Test func windowsThatAreOpenedAreTold() throws {
    let calls = Calls()
    let session = try Self.begin(calls)
    try Self.take(Frame.headers("/a.B/C"), into: session)
    try Self.take(Frame.window(1000, stream: 0) + Frame.window(7, stream: 1), into: session)
    #expect(calls.opened == 1007)
  }

  @Test func theWindowOfTheConnectionIsClosedOnceItIsFull() throws {
    let calls = Calls()
    let session = try Self.begin(calls)
    try Self.take(Frame.settings(window: 1 << 20) + Frame.headers("/a.B/C"), into: session)
    let stream = try #require(calls.begun.first)
    session.respond(to: stream, [HTTP2Header(":status", "200")], isLast: false)
    session.write([UInt8](repeating: 0, count: 1 << 17), to: stream)
    #expect(!session.isConnectionBlocked)
    _ = try Self.output(of: session)
    #expect(session.isConnectionBlocked && !session.isBlocked(stream))
    try Self.take(Frame.window(1, stream: 0), into: session)
    #expect(!session.isConnectionBlocked)
  }

  @Test func whoOpensStreamsAndReadsNoRefusalIsDropped() throws {
    let calls = Calls()
    let session = try Self.begin(calls, streams: 4)
    // Who has not taken the settings may not know the limit: more streams are refused, one by one.
    var opened: UInt32 = 0
    let error = #expect(throws: HTTP2Error.self) {
      while opened < 10_000 {
        try Self.take(Frame.headers("/a.B/C", stream: 2 * opened + 1), into: session)
        opened += 1
      }
    }
    #expect(error?.description.contains("reads none") == true)
    #expect(opened < 2_000 && calls.begun.count == 4)
  }
}
