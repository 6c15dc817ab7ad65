import EventLogCore
import EventLogRocksDB
import Foundation
import Testing

/// The files of a log of small commits as a killed process leaves them, and where in its
/// write-ahead file the last commit lies.
///
/// Copies of it are cheap: they live in memory where the system has such a place, and share
/// every file that an opening replaces instead of changing.
final class WrittenLog: Sendable {
  let path: String
  /// The write-ahead file, from the folder of the log.
  let file: String
  /// The bytes of the last commit in it.
  let last: Range<Int>
  private let folder: String
  private let bytes: Data

  /// Whether the tests take the time that the law's own figures need.
  static let isLong = ProcessInfo.processInfo.environment["WORDWEAVE_LONG"] == "1"

  /// How a byte of a file is damaged.
  enum Damage: CaseIterable {
    case cut, flipped

    func apply(to bytes: inout Data, at place: Int) {
      switch self {
      case .cut: bytes.removeSubrange(place...)
      case .flipped: bytes[place] ^= 0x40
      }
    }
  }

  init(commits: Int = 10) async throws {
    folder = try TemporaryFolder.make(inMemory: true)
    path = folder + "/killed"
    let live = folder + "/live"
    let log = try RocksDBEventLog.open(path: live)
    for index in 0..<(commits - 1) { _ = try await log.append(.numbered(index, to: "s")) }
    let name = try FileManager.default.contentsOfDirectory(atPath: live + "/store")
      .filter { $0.hasSuffix(".log") }.max()
    file = "/store/" + (try #require(name))
    let before = try Data(contentsOf: URL(fileURLWithPath: live + file)).count
    _ = try await log.append(.numbered(commits - 1, to: "s"))
    // While the log is open: closing may write everything out and retire the file.
    try FileManager.default.copyItem(atPath: live, toPath: path)
    bytes = try Data(contentsOf: URL(fileURLWithPath: path + file))
    last = before..<bytes.count
    await log.close()
    try FileManager.default.removeItem(atPath: live)
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  /// A copy of the log; it is gone when the last reference is.
  final class Copy: Sendable {
    let path: String

    init(_ path: String) { self.path = path }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Every file with its bytes.
    func contents() throws -> [String: Data] {
      var found: [String: Data] = [:]
      for name in try FileManager.default.subpathsOfDirectory(atPath: path) {
        // A folder has no bytes of its own.
        if let bytes = try? Data(contentsOf: URL(fileURLWithPath: path + "/" + name)) {
          found[name] = bytes
        }
      }
      return found
    }
  }

  /// A copy whose write-ahead file went through `change`.
  func copy(keepsMark: Bool, _ change: (inout Data) -> Void) throws -> Copy {
    let copy = folder + "/copy-" + UUID().uuidString
    let files = FileManager.default
    try files.createDirectory(atPath: copy + "/store", withIntermediateDirectories: true)
    if keepsMark { try files.copyItem(atPath: path + "/answered", toPath: copy + "/answered") }
    for name in try files.contentsOfDirectory(atPath: path + "/store") {
      // The lock must be a file of its own, and the database's diary is no part of the log.
      guard "/store/" + name != file, name != "LOCK", !name.hasPrefix("LOG") else { continue }
      try files.linkItem(atPath: path + "/store/" + name, toPath: copy + "/store/" + name)
    }
    var damaged = bytes
    change(&damaged)
    try damaged.write(to: URL(fileURLWithPath: copy + file))
    return Copy(copy)
  }

  /// Goes through the bytes of the last commit, the first and the last among them, with each
  /// damage, several at once; prints what it went through.
  func forEachPlace(
    by stride: Int,
    _ body: @escaping @Sendable (Int, Damage) async throws -> Void
  ) async throws {
    var places = Array(Swift.stride(from: last.lowerBound, to: last.upperBound, by: stride))
    if places.last != last.upperBound - 1 { places.append(last.upperBound - 1) }
    let begin = ContinuousClock.now
    try await withThrowingTaskGroup(of: Void.self) { group in
      for (index, place) in places.enumerated() {
        if index >= Self.lanes { try await group.next() }
        group.addTask { for damage in Damage.allCases { try await body(place, damage) } }
      }
      try await group.waitForAll()
    }
    print(
      "torn tails: \(places.count) of \(last.count) bytes cut and flipped in",
      ContinuousClock.now - begin
    )
  }

  /// Openings at once: one waits for its files while another computes.
  private static let lanes = 3
}
