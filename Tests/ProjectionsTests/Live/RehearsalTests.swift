import EventLogCore
import MessagingCore
import Testing

@testable import ProjectionsCore

@Suite struct RehearsalTests {
  @Test func aRehearsalEndsWhereItWouldHoldTooMuch() async throws {
    let library = try Library(InMemoryReadModelEngine())
    try await Library.write(500, to: library.log)
    let plan = RehearsalPlan(after: .start, through: GlobalPosition(500))
    let whole = try await library.shelf.rehearse(plan, bytes: 1 << 20) { _ in }
    #expect(whole.position == GlobalPosition(500))
    let error = await #expect(throws: RehearsalError.self) {
      _ = try await library.shelf.rehearse(plan, bytes: 4_096) { _ in
        Issue.record("it went on")
      }
    }
    #expect(error == .holdsTooMuch(at: GlobalPosition(500), bytes: 4_096))
    #expect(error?.description.contains("shorter range") == true)
    await library.store.close()
  }

  @Test func rowsInMemoryAreCounted() {
    var rows = SortedRows()
    rows.set([1], [1, 2, 3])
    let one = rows.bytes
    #expect(one > 4)
    rows.set([1], [1])
    #expect(rows.bytes == one - 2)
    for number in 0..<1_000 { rows.set([2, UInt8(number / 256), UInt8(number % 256)], []) }
    #expect(rows.bytes > one + 3_000)
    for number in 0..<1_000 { rows.remove([2, UInt8(number / 256), UInt8(number % 256)]) }
    rows.remove([9])
    rows.remove([1])
    #expect(rows.bytes == 0)
  }
}
