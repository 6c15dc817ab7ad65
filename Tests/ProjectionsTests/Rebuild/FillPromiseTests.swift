import EventLogConformance
import EventLogCore
import MessagingCore
import ProjectionsConformance
import Testing

@testable import ProjectionsCore

/// What readers are promised while the live generation is filled, and after a filling that failed.
@Suite(.timeLimit(.minutes(2))) struct FillPromiseTests {
  private static let base = GlobalPosition(100)
  /// Pages of small events, all of them together below the bounds of a commit.
  private static let backlog = 20_000

  /// A library that is filled through `base`.
  private func filled(_ log: RationedLog) async throws -> Library {
    let library = try Library(InMemoryReadModelEngine(), log: log)
    try await Library.write(Int(Self.base.number), to: log)
    try await library.shelf.catchUp()
    #expect(library.shelf.appliedPosition == Self.base)
    return library
  }

  /// Appends books of which each takes 64 KiB of the log, so that bytes and not events make a
  /// filling commit; a book is there from its second event on.
  private func writeLarge(_ count: Int, to log: RationedLog) async throws {
    let padding = NewEvent(type: "Padding", data: Array(repeating: 0, count: 64 << 10))
    for first in stride(from: 0, to: count, by: 100) {
      let parts = (first..<min(first + 100, count)).map { number in
        StreamAppend(
          to: StreamName("book-large\(number)"),
          [padding, Shelf.written("ann", "t\(number)")]
        )
      }
      _ = try await log.append(AppendRequest(parts))
    }
  }

  /// What the rows say, as a process finds them that starts again.
  private func stored(_ library: Library) throws -> GlobalPosition {
    let live = library.shelf.row.live
    let checkpoints = try library.store.checkpoints(of: Shelf.id.handler, in: live)
    return checkpoints.map { $0?.floor ?? .start }.min() ?? .start
  }

  private func expectAll(of log: RationedLog, in library: Library) async throws {
    #expect(try await log.head() == library.shelf.appliedPosition)
    #expect(try await library.shelf.digest().digest == library.freshDigest())
  }

  @Test func whatIsAppliedAndNotCommittedIsNotPromised() async throws {
    let log = RationedLog(refuses: false)
    let library = try await filled(log)
    try await Library.write(Self.backlog, to: log, from: Int(Self.base.number))
    let head = try await log.head()
    log.give(pages: 2)
    async let filling: Void = library.shelf.catchUp()
    let applied = GlobalPosition(Self.base.number + 2 * UInt64(FillLimits.pageEvents))
    while (try await library.shelf.status().filling?.position ?? .start) < applied {
      try await Task.sleep(for: .milliseconds(1))
    }

    #expect(library.shelf.appliedPosition == Self.base)
    let lagging = ProjectionReadError.lagging(applied: Self.base, lag: UInt64(Self.backlog))
    await #expect(throws: lagging) {
      try await library.shelf.read(
        atLeast: Self.base.next,
        stream: nil,
        patience: .milliseconds(20)
      ) { _ in }
    }
    try await library.shelf.read { view throws in
      #expect(view.appliedPosition == Self.base)
      #expect(try view.get("book-150", in: Shelf.books) == nil)
    }

    async let reached = library.shelf.read(atLeast: head, stream: nil, patience: .seconds(60)) {
      $0.appliedPosition
    }
    // Long enough that the reader waits already when the rest comes.
    try await Task.sleep(for: .milliseconds(20))
    log.give(pages: .max)
    try await filling
    let position = try await reached
    #expect(position == head)
    try await expectAll(of: log, in: library)
  }

  @Test func anOutageBeforeTheFirstCommitLeavesThePositionWhereItWas() async throws {
    let log = RationedLog(refuses: true)
    let library = try await filled(log)
    try await Library.write(Self.backlog, to: log, from: Int(Self.base.number))
    log.give(pages: 2)
    await #expect(throws: RationedLog.outage) { try await library.shelf.catchUp() }
    #expect(library.shelf.appliedPosition == Self.base)
    #expect(try stored(library) == Self.base)

    log.give(pages: .max)
    try await library.shelf.catchUp()
    try await expectAll(of: log, in: library)
  }

  @Test func anOutageAfterACommitLeavesThePositionAtWhatIsCommitted() async throws {
    let log = RationedLog(refuses: true)
    let library = try await filled(log)
    try await writeLarge(700, to: log)
    // 4 MiB each: every worker has committed once and holds more.
    log.give(pages: 7)
    await #expect(throws: RationedLog.outage) { try await library.shelf.catchUp() }
    let position = library.shelf.appliedPosition
    #expect(position > Self.base)
    #expect(try stored(library) == position)
    let promised = (position.number - Self.base.number) / 2
    let keys = (0..<promised).map { DocumentKey("book-large\($0)") }
    try await library.shelf.read { view throws in
      #expect(view.appliedPosition == position)
      let books = try view.get(keys, in: Shelf.books)
      #expect(books.allSatisfy { $0 != nil })
    }

    log.give(pages: .max)
    try await library.shelf.catchUp()
    try await expectAll(of: log, in: library)
  }
}
