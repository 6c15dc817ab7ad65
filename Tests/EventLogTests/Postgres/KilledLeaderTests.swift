import EventLogCore
import EventLogPostgres
import Foundation
import PostgresDriver
import Testing

/// A leader in a process of its own is killed or stopped under load; it is this test binary,
/// started again with the schema in its environment.
@Suite(.enabled(if: Server.postgres.isAvailable), .serialized)
struct KilledLeaderTests {
  private static let variable = "WORDWEAVE_KILLED_LEADER"

  @Test func leadUntilKilled() async throws {
    let environment = ProcessInfo.processInfo.environment
    guard let told = environment[Self.variable] else { return }
    let parts = told.split(separator: " ").map(String.init)
    let test = PostgresTest(url: try #require(Server.postgres.url), schema: parts[0])
    let log = try await test.open("child:1")
    // Standard IO locks its files for each call.
    nonisolated(unsafe) let answers = try #require(fopen(parts[1], "a"))
    try await withThrowingTaskGroup(of: Void.self) { group in
      for lane in 0..<8 {
        group.addTask {
          for number in 0... {
            do throws(EventLogError) {
              let request = AppendRequest.marked(number, to: "\(getpid())-\(lane)")
              let position = try await log.append(request).lastPosition
              fputs("\(position)\n", answers)
            } catch {
              // Deposed, or unknown: said, and not answered.
              fputs("refused\n", answers)
            }
            fflush(answers)
          }
        }
      }
      try await group.waitForAll()
    }
  }

  private static func startLeader(_ test: PostgresTest, answers: String) throws -> Process {
    let leader = Process()
    leader.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    leader.arguments = [
      "--testing-library", "swift-testing", "--filter", "KilledLeaderTests/leadUntilKilled",
    ]
    leader.environment = ProcessInfo.processInfo.environment.merging(
      [variable: "\(test.schema) \(answers)"]
    ) { $1 }
    leader.standardOutput = FileHandle.nullDevice
    leader.standardError = FileHandle.nullDevice
    try leader.run()
    return leader
  }

  private static func answers(_ path: String) -> [UInt64] {
    let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    return text.split(separator: "\n").compactMap { UInt64($0) }
  }

  /// Everything answered is there, every stream is whole, and the tables agree.
  private static func check(_ log: PostgresEventLog, answered: [UInt64]) async throws {
    try await log.verify()
    #expect(Set(answered).count == answered.count, "a position was answered twice")
    #expect(try await log.head().number >= answered.max() ?? 0)
    var numbers: [StreamName: Int] = [:]
    var after: GlobalPosition?
    while true {
      let page = try await log.readAll(after: after)
      for event in page.events {
        let stream = try #require(event.stream)
        let expected = numbers[stream] ?? 0
        if stream.text.contains("-") {
          // Refused numbers are left out; those that are there go up.
          let number = Int(String(decoding: event.data, as: UTF8.self)) ?? -1
          #expect(number >= expected)
          numbers[stream] = number + 1
        }
      }
      after = page.scannedTo
      if page.isEnd { return }
    }
  }

  @Test(.timeLimit(.minutes(2))) func L42_aKilledLeaderIsReplacedInFiveSeconds() async throws {
    guard ProcessInfo.processInfo.environment[Self.variable] == nil else { return }
    try await PostgresTest.withSchema { test in
      let folder = try TemporaryFolder()
      for round in 0..<3 {
        let path = folder.path + "/answers-\(round)"
        let leader = try Self.startLeader(test, answers: path)
        try await until("the leader writes") { Self.answers(path).count > 50 }
        // Opened while another leads: this one stands by.
        let standby = try await test.open("standby:1")
        #expect(!standby.isLeading)
        try await Task.sleep(for: .milliseconds(Int.random(in: 0...200)))
        kill(leader.processIdentifier, SIGKILL)
        leader.waitUntilExit()
        let began = ContinuousClock.now
        try await until("the standby leads") { standby.isLeading }
        let written = try await standby.append(.marked(round, to: "after"))
        let spent = ContinuousClock.now - began
        #expect(spent < .seconds(5))
        #expect(written.parts.first?.firstRevision == StreamRevision(UInt64(round)))
        try await Self.check(standby, answered: Self.answers(path))
        await standby.close()
      }
    }
  }

  @Test(.timeLimit(.minutes(2))) func aStoppedLeaderThatWakesUpCannotWrite() async throws {
    guard ProcessInfo.processInfo.environment[Self.variable] == nil else { return }
    try await PostgresTest.withSchema { test in
      let folder = try TemporaryFolder()
      let path = folder.path + "/answers"
      let leader = try Self.startLeader(test, answers: path)
      defer { kill(leader.processIdentifier, SIGKILL) }
      try await until("the leader writes") { Self.answers(path).count > 50 }
      let standby = try await test.open("standby:1")
      kill(leader.processIdentifier, SIGSTOP)
      try await until("the standby leads") { standby.isLeading }
      let head = try await standby.head().number
      _ = try await standby.append(.marked(0, to: "after"))
      kill(leader.processIdentifier, SIGCONT)
      // It says so itself: what it holds in its queue is refused.
      try await until("the old leader noticed") {
        let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        return text.contains("refused")
      }
      let answered = Self.answers(path)
      #expect(answered.allSatisfy { $0 <= head }, "it wrote behind the take-over")
      #expect(standby.isLeading)
      let next = try await standby.append(.marked(1, to: "after"))
      #expect(next.lastPosition.number == head + 2)
      try await Self.check(standby, answered: answered)
      await standby.close()
    }
  }
}
