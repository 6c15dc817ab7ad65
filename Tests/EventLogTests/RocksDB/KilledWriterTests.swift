import EventLogCore
import EventLogRocksDB
import Foundation
import Testing

/// A process of its own appends and is killed; it is this test binary, started again with the
/// folder in its environment, where `appendUntilKilled` is the only test that does anything.
@Suite struct KilledWriterTests {
  private static let variable = "WORDWEAVE_KILLED_WRITER"

  @Test func appendUntilKilled() async throws {
    guard let path = ProcessInfo.processInfo.environment[Self.variable] else { return }
    let log = try RocksDBEventLog.open(path: path + "/log")
    let answers = try #require(fopen(path + "/answers", "a"))
    while true {
      // Several callers at once, so that commits hold several requests over several streams.
      let positions = try await withThrowingTaskGroup(of: UInt64.self) { group in
        for lane in 0..<4 {
          group.addTask {
            let events = (0..<3).map {
              NewEvent.named("E\($0)", id: .make(), tags: [Tag("lane:\(lane)")])
            }
            let request = AppendRequest([
              StreamAppend(to: StreamName("lane-\(lane)"), events),
              StreamAppend(to: nil, [.named("Free")]),
            ])
            return try await log.append(request).lastPosition.number
          }
        }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      for position in positions { fputs("\(position)\n", answers) }
      fflush(answers)
    }
  }

  @Test(.timeLimit(.minutes(2))) func answeredAppendsSurviveAKill() async throws {
    guard ProcessInfo.processInfo.environment[Self.variable] == nil else { return }
    let folder = try TemporaryFolder()
    var random = SplitMix(seed: 11)
    for _ in 0..<4 {
      let known = Self.answers(folder).count
      let writer = Process()
      writer.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
      writer.arguments = [
        "--testing-library", "swift-testing", "--filter", "KilledWriterTests/appendUntilKilled",
      ]
      writer.environment = ProcessInfo.processInfo.environment.merging(
        [Self.variable: folder.path]) { $1 }
      writer.standardOutput = FileHandle.nullDevice
      writer.standardError = FileHandle.nullDevice
      try writer.run()
      while Self.answers(folder).count < known + 20 {
        guard writer.isRunning else {
          Issue.record("the writer ended by itself")
          return
        }
        try await Task.sleep(for: .milliseconds(5))
      }
      try await Task.sleep(for: .milliseconds(Int.random(in: 0...60, using: &random)))
      kill(writer.processIdentifier, SIGKILL)
      writer.waitUntilExit()
      let log = try RocksDBEventLog.open(path: folder.path + "/log")
      let answered = Self.answers(folder).max() ?? 0
      #expect(try await log.head().number >= answered)
      #expect(try await log.head().number % 4 == 0)
      try await log.verify()
      await log.close()
    }
  }

  private static func answers(_ folder: TemporaryFolder) -> [UInt64] {
    let text = (try? String(contentsOfFile: folder.path + "/answers", encoding: .utf8)) ?? ""
    return text.split(separator: "\n").compactMap { UInt64($0) }
  }
}
