import EventLogCore
import MessagingCore
import ProjectionsConformance
import Testing

@testable import ProjectionsCore

@Suite struct RebuildTests {
  @Test(arguments: ReadModelFixture.available)
  func aRebuildBesideReadsAndAppendsCutsOverAndRollsBack(_ fixture: ReadModelFixture) async throws {
    let library = try Library(try fixture.make().engine)
    try await Library.write(6_000, to: library.log)
    try await library.running {
      try await library.settled()
      let first = try await library.shelf.status().generation
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          var last = GlobalPosition.start
          while !Task.isCancelled {
            let applied = try await library.shelf.read { view throws in
              _ = try view.list(Shelf.books, by: Shelf.byAuthor, limit: 20)
              return view.appliedPosition
            }
            #expect(applied >= last, "reads went back")
            last = applied
            await Task.yield()
          }
        }
        group.addTask {
          var number = 6_000
          while !Task.isCancelled, number < 9_000 {
            try await Library.write(50, to: library.log, from: number)
            number += 50
            await Task.yield()
          }
        }
        try await library.shelf.startRebuild(comparing: .live)
        let ready = try await library.shelf.rebuildSettled()
        #expect(ready?.phase == .ready, "\(ready?.reason ?? "")")
        try await library.shelf.cutOver()
        let second = try await library.shelf.status()
        #expect(second.generation != first)
        #expect(second.previous == first)
        try await Library.write(200, to: library.log, from: 9_000)
        try await library.shelf.rollBack()
        #expect(try await library.shelf.status().generation == first)
        group.cancelAll()
        while let result = await group.nextResult() {
          if case .failure(let error) = result, !(error is CancellationError),
            error as? EventLogError != .cancelled
          {
            throw error
          }
        }
      }
      try await library.settled()
      let fresh = try await library.freshDigest()
      #expect(try await library.shelf.digest().digest == fresh)
      try await library.shelf.dropPrevious()
      #expect(try await library.shelf.status().previous == nil)
      #expect(try await library.shelf.digest().digest == fresh)
    }
    await library.store.close()
  }

  @Test(arguments: ReadModelFixture.available)
  func aKilledRebuildResumesWhereItWas(_ fixture: ReadModelFixture) async throws {
    let place = try fixture.make()
    let library = try Library(place.engine)
    try await Library.write(20_000, to: library.log)
    try await library.shelf.catchUp()
    // As a process leaves it that was killed after the first page of the shadow.
    let row = try library.store.change(Shelf.id.title) { row, next in
      let number = next()
      _ = try row.rebuild.start(into: number, at: .now)
      row.generations.append(.init(number: number, version: 1, isFilled: false))
    }
    try await Filler(library.shelf.handler(of: row.rebuild.shadow), from: library.log)
      .fill(through: GlobalPosition(5_000))
    await library.store.close()

    let again = try Library(try place.reopen(), log: library.log)
    try await again.running {
      let ready = try await again.shelf.rebuildSettled()
      #expect(ready?.phase == .ready, "\(ready?.reason ?? "")")
      #expect(ready?.generation == row.rebuild.shadow)
      let start = ready?.progress?.start
      #expect((start?.number ?? 0) >= 5_000, "it began anew")
      try await again.shelf.cutOver()
      #expect(try await again.shelf.digest().digest == again.freshDigest())
    }
    await again.store.close()
  }

  @Test func aCancelledRebuildLeavesNothing() async throws {
    let engine = InMemoryReadModelEngine()
    let library = try Library(engine)
    try await Library.write(3_000, to: library.log)
    try await library.running {
      try await library.settled()
      let before = try await library.shelf.status().generation
      try await library.shelf.startRebuild(comparing: .live)
      try await library.shelf.cancelRebuild()
      let status = try await library.shelf.status()
      #expect(status.rebuild?.phase == .cancelled)
      #expect(status.generation == before)
      let shadow = RowKeys.generation(status.rebuild?.generation ?? 0)
      #expect(try engine.scan(RowRange(prefix: shadow), isBackward: false, limit: 1).isEmpty)
      await #expect(throws: RebuildError.phase(.cancelled)) {
        try await library.shelf.cutOver()
      }
    }
  }

  @Test func aTamperedLiveModelFailsParityAndIsMendedByARebuildThatChecksItself() async throws {
    let engine = InMemoryReadModelEngine()
    let library = try Library(engine)
    try await Library.write(3_000, to: library.log)
    try await library.running {
      try await library.settled()
      let live = try await library.shelf.status().generation
      let digest = try await library.shelf.digest().digest
      try await GenerationStore(live, in: library.store).transact { transaction in
        try transaction.put(Book(author: "x", title: "y"), at: "book-5", in: Shelf.books)
      }
      try await library.shelf.startRebuild(comparing: .live)
      let failed = try await library.shelf.rebuildSettled()
      #expect(failed?.phase == .failed)
      #expect(failed?.reason?.contains("book-5") == true)
      #expect(failed?.found?.isDifferent == true)
      #expect(failed?.found?.shadow == digest)
      #expect(try await library.shelf.status().generation == live)

      try await library.shelf.startRebuild(comparing: .itself)
      let mended = try await library.shelf.rebuildSettled()
      #expect(mended?.phase == .ready)
      #expect(mended?.found?.live == nil)
      #expect(mended?.found?.shadow == digest)
      try await library.shelf.cutOver()
      #expect(try await library.shelf.digest().digest == digest)
    }
  }

  @Test func aComparisonLeavesWhatARollbackReturnsTo() async throws {
    let library = try Library(InMemoryReadModelEngine())
    try await Library.write(1_000, to: library.log)
    try await library.running {
      try await library.settled()
      let first = try await library.shelf.status().generation
      try await library.shelf.startRebuild(comparing: .live)
      #expect(try await library.shelf.rebuildSettled()?.found?.isEqual == true)
      try await library.shelf.cutOver()
      try await library.shelf.startComparison()
      let compared = try await library.shelf.rebuildSettled()
      #expect(compared?.phase == .ready, "\(compared?.reason ?? "")")
      #expect(compared?.found?.isEqual == true)
      try await library.shelf.cancelRebuild()
      #expect(try await library.shelf.status().previous == first)
      try await library.shelf.rollBack()
      #expect(try await library.shelf.status().generation == first)
      #expect(try await library.shelf.digest().digest == library.freshDigest())
    }
    await library.store.close()
  }

  @Test func anEventThatCannotBeAppliedParksItsStreamOnly() async throws {
    let library = try Library(InMemoryReadModelEngine())
    try await Library.write(500, to: library.log)
    let stream = StreamName("book-7")
    _ = try await library.log.append(AppendRequest(to: stream, [Shelf.broken]))
    let broken = try await library.log.head()
    _ = try await library.log.append(
      AppendRequest(to: stream, [Shelf.written("late", "later"), Shelf.burnt])
    )
    try await Library.write(500, to: library.log, from: 500)
    try await library.shelf.catchUp()
    let status = try await library.shelf.status()
    #expect(status.parked == 1)
    #expect(status.lag == 0)
    let lane = LaneID(handler: Shelf.id.handler, partition: Partition.of(stream))
    let row = try await library.shelf.handler.store.transact { try $0.parked(stream, in: lane) }
    #expect(row?.headPosition == broken)
    #expect((row?.behind ?? 0) >= 2)
    #expect(row?.state == .dead)
    try await library.shelf.read { view throws in
      #expect(try view.get("book-7", in: Shelf.books)?.title != "half")
      #expect(try view.count(Shelf.booksOf, at: "nobody") == 0)
    }
    await #expect(throws: ProjectionReadError.parked(stream)) {
      try await library.shelf.read(atLeast: broken, stream: stream, patience: .zero) { _ in }
    }
  }
}
