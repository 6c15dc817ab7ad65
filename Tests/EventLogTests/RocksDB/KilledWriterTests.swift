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
    let parent = getppid()
    // Whoever should kill it may be killed before.
    while getppid() == parent {
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

  /// `WORDWEAVE_LONG=1` runs as many seeds as the law asks for; else as many as fit in the time.
  @Test(.timeLimit(.minutes(30))) func L42_answeredAppendsSurviveAKill() async throws {
    guard ProcessInfo.processInfo.environment[Self.variable] == nil else { return }
    let first = UInt64(ProcessInfo.processInfo.environment["WORDWEAVE_SEED"] ?? "")
    let seeds = (first ?? .random(in: 0...999_999))...
    print("L42: WORDWEAVE_SEED=\(seeds.lowerBound), and on from there")
    let begin = ContinuousClock.now
    var total = Figures()
    for number in 0..<Self.mostSeeds {
      guard WrittenLog.isLong || ContinuousClock.now - begin < Self.bound else { break }
      total.add(try await run(seed: seeds.lowerBound + UInt64(number)))
      if WrittenLog.isLong, total.seeds % 100 == 0 { print("L42: \(total)") }
    }
    print("L42: \(total) in \(ContinuousClock.now - begin)")
    #expect(total.seeds > 0)
  }

  private static let mostSeeds = 1_000
  /// Seeds begin for so long; the last one may end after it.
  private static let bound = Duration.seconds(8)
  /// How often one log is killed: recovery of a recovered log is part of the law.
  private static let rounds = 3

  private struct Figures: CustomStringConvertible {
    var seeds = 0
    var kills = 0
    var killsWhileOpening = 0
    var answered = 0
    var unanswered = 0

    mutating func add(_ other: Figures) {
      seeds += other.seeds
      kills += other.kills
      killsWhileOpening += other.killsWhileOpening
      answered += other.answered
      unanswered += other.unanswered
    }

    var description: String {
      "\(seeds) seeds, \(kills) kills (\(killsWhileOpening) before the first answer),"
        + " \(answered) requests answered, \(unanswered) written and not answered"
    }
  }

  /// Kills the writer of one log several times, and looks at the log after each.
  private func run(seed: UInt64) async throws -> Figures {
    var random = SplitMix(seed: seed)
    // In memory a writer meets many commits between two kills, on a disk it meets slow syncs.
    let folder = try TemporaryFolder(inMemory: seed % 4 != 0)
    var figures = Figures(seeds: 1)
    var head: UInt64 = 0
    for round in 1...Self.rounds {
      let moment = "seed \(seed), round \(round)"
      let known = try Self.answers(folder).count
      try await killOnce(in: folder, known: known, using: &random)
      let answers = try Self.answers(folder)
      figures.kills += 1
      if answers.count == known { figures.killsWhileOpening += 1 }
      let log = try RocksDBEventLog.open(path: folder.path + "/log")
      let now = try await log.head().number
      #expect(now >= head, "\(moment): what was read is gone")
      head = now
      let requests = try await check(log, answered: answers, moment)
      await log.close()
      guard round == Self.rounds else { continue }
      figures.answered = answers.count
      figures.unanswered = requests - answers.count
    }
    return figures
  }

  private func killOnce(
    in folder: TemporaryFolder,
    known: Int,
    using random: inout SplitMix
  ) async throws {
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
    // Some die while they still open the log, which may mean: while they recover it.
    let diesEarly = Int.random(in: 0..<5, using: &random) == 0
    let size = Self.answersSize(folder)
    while !diesEarly, Self.answersSize(folder) == size {
      try #require(writer.isRunning, "the writer ended by itself")
      try await Task.sleep(for: .milliseconds(1))
    }
    // Not a wait for something: the moment of the kill is what the seed chooses.
    let moment = Int.random(in: diesEarly ? 40_000...120_000 : 1_000...50_000, using: &random)
    try await Task.sleep(for: .microseconds(moment))
    kill(writer.processIdentifier, SIGKILL)
    writer.waitUntilExit()
  }

  /// Answered appends are there, every request is whole, and the indexes agree with the events.
  ///
  /// Returns how many requests there are.
  private func check(
    _ log: RocksDBEventLog,
    answered: [UInt64],
    _ moment: String
  ) async throws -> Int {
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
    #expect(try await log.statistics().streams <= 4, "\(moment)")
    return requests
  }

  private static func answers(_ folder: TemporaryFolder) throws -> [UInt64] {
    guard answersSize(folder) > 0 else { return [] }
    let text = try String(contentsOfFile: folder.path + "/answers", encoding: .utf8)
    // A line may be cut where the writer died.
    let whole = text[..<(text.lastIndex(of: "\n") ?? text.startIndex)]
    return whole.split(separator: "\n").compactMap { UInt64($0) }
  }

  private static func answersSize(_ folder: TemporaryFolder) -> Int64 {
    var status = stat()
    return stat(folder.path + "/answers", &status) == 0 ? Int64(status.st_size) : 0
  }
}
