import Testing
import WeaveRuntime

@testable import EventLogCore

/// When the appender is woken while a commit is under way.
@Suite struct WakingTests {
  /// An engine whose first commit hangs.
  private static func hanging() async throws -> (StandInStorage, PipelinedEventLog, [Append]) {
    let storage = StandInStorage()
    let log = storage.engine()
    // So that the head of its stream is in memory, and requests to it are planned without a look.
    _ = try await log.append(FailedWriteTests.request())
    storage.state.withLock { $0.isOpen = false }
    let first = append(to: log)
    try await until("the commit hangs") { storage.state.withLock { $0.begun == 2 } }
    return (storage, log, [first])
  }

  private typealias Append = Task<AppendReceipt, any Error>

  private static func append(to log: PipelinedEventLog, bytes: Int = 1) -> Append {
    let event = NewEvent(type: "T", data: Array(repeating: 7, count: bytes))
    return Task { try await log.append(AppendRequest(to: "s", [event])) }
  }

  @Test(.timeLimit(.minutes(1))) func aFewWaitForTheCommitAndAreWritten() async throws {
    var (storage, log, appends) = try await Self.hanging()
    for count in 1..<AppendPipeline.requestsToWake {
      appends.append(Self.append(to: log))
      try await until("\(count) wait") { log.waiting.requests == count }
    }
    storage.open()
    var revisions: Set<StreamRevision?> = []
    for append in appends { revisions.insert(try await append.value.parts.first?.firstRevision) }
    #expect(revisions.count == appends.count)
    await log.close()
  }

  @Test(.timeLimit(.minutes(1))) func manyArePlannedDuringTheCommit() async throws {
    var (storage, log, appends) = try await Self.hanging()
    for _ in 0..<AppendPipeline.requestsToWake { appends.append(Self.append(to: log)) }
    try await until("they are planned") {
      log.planned.number == UInt64(2 + AppendPipeline.requestsToWake)
    }
    storage.open()
    for append in appends { _ = try await append.value }
    await log.close()
  }

  @Test(.timeLimit(.minutes(1))) func aLargeOneIsPlannedDuringTheCommit() async throws {
    var (storage, log, appends) = try await Self.hanging()
    appends.append(Self.append(to: log, bytes: AppendPipeline.bytesToWake))
    try await until("it is planned") { log.planned.number == 3 }
    storage.open()
    for append in appends { _ = try await append.value }
    await log.close()
  }
}
