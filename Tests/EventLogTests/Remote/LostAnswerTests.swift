import EventLogCore
import EventLogInMemory
import GRPCCore
import Logging
import Schemas
import Synchronization
import Testing

@testable import EventLogRemote

/// A write whose answer was lost may have been written, whatever its later tries come to.
@Suite(.timeLimit(.minutes(1))) struct LostAnswerTests {
  /// Answers in the order in which they are given; the last one again and again.
  private final class Answers: Sendable {
    private let rest: Mutex<[Result<Int, RPCError>]>

    init(_ answers: Result<Int, RPCError>...) { rest = Mutex(answers) }

    func next() throws -> Int {
      let next = rest.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] }
      return try next.get()
    }
  }

  private struct Broken: Error {}

  private static let lost = RPCError(code: .internalError, message: "the stream broke")
  private static let unknown = EventLogError.outcomeUnknown(
    "the event service answered \(lost.code): \(lost.message)"
  )
  private static let conflict = EventLogError.conflict(
    stream: "s",
    expected: .noStream,
    actual: .neverWritten
  )

  /// What a write over a line ends with; nobody is at its other end.
  private func outcome(
    patience: Duration = .seconds(10),
    isRepeatable: Bool = true,
    _ call: @Sendable (GRPCCore.Metadata) async throws -> Int
  ) async throws -> Result<Int, EventLogError> {
    var settings = RemoteSettings(host: "127.0.0.1", port: 1)
    settings.patience = patience
    let line = try Line(settings, logger: Logger(label: "test.line"))
    defer { line.abandon() }
    do throws(EventLogError) {
      let answer = try await line.writing(isRepeatable: isRepeatable, call)
      return .success(answer)
    } catch {
      return .failure(error)
    }
  }

  @Test(arguments: [
    EventLogError.overloaded(retryAfter: .seconds(1)), .unavailable("the disk is full"),
    .locked("by process 7"), .notLeader(address: nil), .notLeader(address: "a:1"), .cancelled,
  ])
  func noLaterRefusalSaysNotWritten(_ refusal: EventLogError) async throws {
    let answers = Answers(.failure(Self.lost), .failure(refusal.rpcError))
    #expect(try await outcome { _ in try answers.next() } == .failure(Self.unknown))
    // Without a lost answer it is told as it is.
    let first = Answers(.failure(refusal.rpcError))
    #expect(try await outcome { _ in try first.next() } == .failure(refusal))
  }

  @Test func aTokenThatIsRefusedLaterSaysNothingOfTheFirstTry() async throws {
    let refusal = RPCError(code: .unauthenticated, message: "the token is not known")
    let answers = Answers(.failure(Self.lost), .failure(refusal))
    #expect(try await outcome { _ in try answers.next() } == .failure(Self.unknown))
  }

  @Test func aLogThatIsClosedUntilThePatienceEndsDoesNotSayNotWritten() async throws {
    let answers = Answers(.failure(Self.lost), .failure(EventLogError.closed.rpcError))
    let found = try await outcome(patience: .milliseconds(200)) { _ in try answers.next() }
    #expect(found == .failure(Self.unknown))
  }

  @Test func theAnswerOfALaterTryIsTheAnswer() async throws {
    let refused = EventLogError.closed.rpcError
    let answers = Answers(.failure(Self.lost), .failure(refused), .success(4))
    #expect(try await outcome { _ in try answers.next() } == .success(4))
  }

  @Test func whatTheLogDecidedHoldsForTheLostTryToo() async throws {
    let answers = Answers(.failure(Self.lost), .failure(Self.conflict.rpcError))
    #expect(try await outcome { _ in try answers.next() } == .failure(Self.conflict))
  }

  @Test(arguments: [false, true])
  func aWriteThatBreaksOffMayHaveBeenWritten(isRepeatable: Bool) async throws {
    let found = try await outcome(isRepeatable: isRepeatable) { _ in throw Broken() }
    #expect(found == .failure(.outcomeUnknown("\(Broken())")))
  }

  /// Nobody listens: the transport opens no stream, and says so in words of its own.
  @Test(arguments: [Duration.zero, .milliseconds(300)])
  func aWriteThatNeverLeftWasNotWritten(patience: Duration) async throws {
    var settings = RemoteSettings(host: "127.0.0.1", port: 1)
    settings.patience = patience
    let line = try Line(settings, logger: Logger(label: "test.line"))
    defer { line.abandon() }
    do throws(EventLogError) {
      _ = try await line.writing(isRepeatable: false) { metadata in
        try await Wordweave_Events_V1_EventLog.Client(wrapping: line.client)
          .head(.init(), metadata: metadata, options: line.options)
      }
      Issue.record("nobody was there to answer")
    } catch {
      #expect(error == .unavailable("the event service at 127.0.0.1:1 is not reached"))
    }
  }

  /// What a write of a client ends with, wherever the leader is.
  private func outcome(
    following answers: Answers,
    patience: Duration
  ) async throws -> Result<Int, EventLogError> {
    let base = InMemoryEventLog()
    let server = try await RunningServer(base)
    var settings = RemoteSettings(host: "127.0.0.1", port: server.port)
    settings.patience = patience
    let remote = try await RemoteEventLog.connect(settings)
    let found: Result<Int, EventLogError>
    do throws(EventLogError) {
      let answer: Int = try await remote.writing(isRepeatable: true, position: { _ in 0 }) { _, _ in
        try answers.next()
      }
      found = .success(answer)
    } catch {
      found = .failure(error)
    }
    await remote.close()
    await server.stop()
    await base.close()
    return found
  }

  @Test func aSearchThatFindsNoLeaderDoesNotSayNotWritten() async throws {
    let nobody = EventLogError.notLeader(address: nil).rpcError
    let answers = Answers(.failure(Self.lost), .failure(nobody))
    let found = try await outcome(following: answers, patience: .milliseconds(500))
    #expect(found == .failure(Self.unknown))
  }

  @Test func aSearchThatFindsTheLeaderAnswers() async throws {
    let nobody = EventLogError.notLeader(address: nil).rpcError
    let answers = Answers(.failure(Self.lost), .failure(nobody), .success(5))
    let found = try await outcome(following: answers, patience: .seconds(10))
    #expect(found == .success(5))
  }
}
