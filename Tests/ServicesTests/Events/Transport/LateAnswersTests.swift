import EventLogCore
import EventLogInMemory
import GRPCCore
import HTTP2Driver
import NIOCore
import NIOPosix
import Synchronization
import Testing
import WeaveRuntime

@testable import EventsService

/// Answers that are written when their call is over.
@Suite(.timeLimit(.minutes(1))) struct LateAnswersTests {
  /// Keeps a thread until it is opened.
  private final class Gate: Sendable {
    private let isOpen = Mutex(false)

    func open() { isOpen.withLock { $0 = true } }

    func pass() {
      while !isOpen.withLock({ $0 }) { Thread.sleep(for: .milliseconds(1)) }
    }
  }

  private static func feed(_ bytes: [UInt8], to session: HTTP2Session) throws {
    try bytes.withUnsafeBytes { try session.receive($0) }
  }

  /// A connection that nothing goes out of, with room for a byte of answers.
  private static func connection(
    _ channel: any Channel,
    _ accept: @escaping @Sendable (StreamedCall) -> Void
  ) -> WireConnection {
    var settings = EventServerSettings()
    settings.answerBytes = 1
    return WireConnection(
      channel,
      HTTP2Settings(),
      ConnectionBounds(settings),
      DirectCalls(
        [],
        check: nil,
        pin: LogPin(store: EventStore(InMemoryEventLog())),
        deadlines: CallDeadlines()
      ),
      LoopExecutor(channel.eventLoop),
      accept: accept,
      onClosed: { _ in }
    )
  }

  /// It is counted until its stream is gone, which may wait for a window for ever.
  @Test func oneThatIsDroppedAndFillsTheRoomIsWatched() async throws {
    // A loop of its own, since it is kept waiting.
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let channel = try await ServerBootstrap(group: group).bind(host: "127.0.0.1", port: 0).get()
    let (accepted, calls) = AsyncStream.makeStream(of: StreamedCall.self)
    let connection = Self.connection(channel) { calls.yield($0) }
    let gate = Gate()
    defer { gate.open() }
    let refused = channel.eventLoop.submit {
      let session = try HTTP2Session(HTTP2Settings(), connection)
      let begun = RawConnection.preface + Frame.settings() + Frame.headers("/a.B/C")
      try Self.feed(begun, to: session)
      // What is written meanwhile comes to the connection behind the refusal.
      gate.pass()
      let compressed = Frame.frame(type: 0, stream: 1, [1, 0, 0, 0, 0])
      try Self.feed(compressed, to: session)
    }
    let call = try #require(await accepted.first { _ in true })
    try await call.outbound.write(.message([1, 2, 3]))
    gate.open()
    try await refused.get()
    let isWatching = try await channel.eventLoop.submit { connection.isWatching }.get()
    #expect(isWatching)
    try await channel.close()
    try await group.shutdownGracefully()
  }
}
