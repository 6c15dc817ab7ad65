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
            let parts = [
              StreamAppend(to: StreamName("lane-\(lane)"), events),
              StreamAppend(to: nil, [.named("Free")]),
            ]
            let mark = try await log.tracking(of: "lane-\(lane)").map { $0 + 1 } ?? 0
            let tracking = Tracking(source: "lane-\(lane)", position: mark)
            let request = AppendRequest(parts, tracking: tracking)
            return try await log.append(request).lastPosition.number
          }
        }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      for position in positions { fputs("\(position)\n", answers) }
      fflush(answers)
    }
  }

  @Test(.timeLimit(.minutes(2))) func L42_answeredAppendsSurviveAKill() async throws {
    guard ProcessInfo.processInfo.environment[Self.variable] == nil else { return }
    let folder = try TemporaryFolder()
    let seed = UInt64.random(in: 0...999)
    print("L42 seed \(seed)")
    var random = SplitMix(seed: seed)
    let end = ContinuousClock.now + Self.bound
    var rounds = 0
    while rounds < Self.mostRounds, rounds == 0 || ContinuousClock.now < end {
      rounds += 1
      try await killOnce(in: folder, using: &random)
      let log = try RocksDBEventLog.open(path: folder.path + "/log")
      try await check(log, answered: Self.answers(folder), "seed \(seed), round \(rounds)")
      await log.close()
    }
  }

  /// Rounds go on for so long; the last one may end after it.
  private static let bound = Duration.seconds(10)
  private static let mostRounds = 12

  private func killOnce(
    in folder: TemporaryFolder,
    using random: inout SplitMix
  ) async throws {
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
      try #require(writer.isRunning, "the writer ended by itself")
      try await Task.sleep(for: .milliseconds(5))
    }
    // Not a wait for something: the moment of the kill is what the seed chooses.
    try await Task.sleep(for: .milliseconds(Int.random(in: 0...60, using: &random)))
    kill(writer.processIdentifier, SIGKILL)
    writer.waitUntilExit()
  }

  /// Answered appends are there, every request is whole, and the indexes agree with the events.
  private func check(_ log: RocksDBEventLog, answered: [UInt64], _ moment: String) async throws {
    let head = try await log.head().number
    #expect(head >= answered.max() ?? 0, "\(moment)")
    try await log.verify()
    var marks: [String: UInt64] = [:]
    var requests = 0
    var after: GlobalPosition? = nil
    var whole: [String] = []
    while true {
      let page = try await log.readAll(after: after)
      for event in page.events {
        whole.append(event.type.text)
        guard whole.count == 4 else { continue }
        // The request's four events stand together, whatever shared its commit.
        #expect(whole == ["E0", "E1", "E2", "Free"], "\(moment), at \(event.position)")
        let mark = try #require(event.tracking)
        #expect(mark.position == marks[mark.source].map { $0 + 1 } ?? 0, "\(moment)")
        marks[mark.source] = mark.position
        requests += 1
        whole = []
      }
      after = page.scannedTo
      if page.isEnd { break }
    }
    #expect(whole.isEmpty, "\(moment)")
    for (source, mark) in marks {
      #expect(try await log.tracking(of: source) == mark, "\(moment)")
    }
    #expect(requests >= answered.count, "\(moment)")
    #expect(try await log.statistics().streams == 4, "\(moment)")
  }

  private static func answers(_ folder: TemporaryFolder) -> [UInt64] {
    let text = (try? String(contentsOfFile: folder.path + "/answers", encoding: .utf8)) ?? ""
    return text.split(separator: "\n").compactMap { UInt64($0) }
  }
}
