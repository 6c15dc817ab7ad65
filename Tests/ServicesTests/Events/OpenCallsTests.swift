import Testing

@testable import EventsService

/// What whoever may do nothing can begin on a connection whose answers it does not take.
@Suite(.timeLimit(.minutes(1))) struct OpenCallsTests {
  private struct Nobody: CallAuthority {
    func rights(of token: String) -> CallRights? { nil }
  }

  /// Lends a connection whose streams have no window.
  private static func withClosedWindows(
    _ body: (RawConnection) async throws -> Void
  ) async throws {
    try await ServedEvents.with(authority: Nobody()) { served async throws in
      let connection = try RawConnection(port: served.port, receiveBuffer: 1 << 16)
      connection.send(RawConnection.preface + Frame.settings(window: 0))
      connection.acknowledgeSettings()
      try await body(connection)
    }
  }

  /// A whole request that is no call: it does not POST.
  private static func get(_ stream: UInt32, type: String) -> [UInt8] {
    let authority = [0x01, 9] + Array("localhost".utf8)
    let block =
      [0x82, 0x86, 0x84] + authority + [0x0F, 0x10, UInt8(type.utf8.count)]
      + Array(type.utf8)
    return Frame.frame(type: 1, flags: 5, stream: stream, block)
  }

  @Test func whatIsNoCallIsAnsweredWithAHeadAlone() async throws {
    try await Self.withClosedWindows { connection in
      connection.send(Self.get(1, type: "text/html") + Self.get(3, type: "application/grpc"))
      var heard: [UInt8] = []
      _ = try await holds {
        heard += connection.read() ?? []
        return Frame.ends(in: heard).count == 2
      }
      #expect(Frame.ends(in: heard) == [1, 3])
      #expect(Frame.dataBytes(in: heard) == 0)
    }
  }

  /// Its answer waits for a window, and its stream with it.
  @Test func aCallThatTakesNoRightKeepsItsPlaceUntilItsStreamIsGone() async throws {
    try await Self.withClosedWindows { connection in
      func check(_ stream: UInt32) {
        connection.send(
          Frame.headers("/grpc.health.v1.Health/Check", stream: stream)
            + Frame.message(stream: stream)
        )
      }
      var heard: [UInt8] = []
      func expectAnswers(_ streams: Int) async throws {
        let came = try await holds {
          heard += connection.read() ?? []
          return Frame.heads(in: heard).count == streams
        }
        #expect(came, "\(streams)")
      }
      let last = UInt32(2 * CallTable.openStreams + 1)
      for stream in stride(from: 1, to: last, by: 2) { check(stream) }
      try await expectAnswers(CallTable.openStreams)
      check(last)
      try await expectAnswers(CallTable.openStreams + 1)
      #expect(Frame.ends(in: heard) == [last])
      // Whoever ends one makes room.
      connection.send(Frame.frame(type: 3, stream: 1, [0, 0, 0, 8]))
      check(last + 2)
      try await expectAnswers(CallTable.openStreams + 2)
      #expect(Frame.ends(in: heard) == [last])
    }
  }
}
