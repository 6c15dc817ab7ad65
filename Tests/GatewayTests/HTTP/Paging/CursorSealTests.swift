internal import Gateway
internal import Testing

@Suite struct CursorSealTests {
  private let seal = CursorSeal(key: Array(repeating: 1, count: 32))

  @Test func aCursorGivesItsPlaceBackUnderTheSameFilters() throws {
    let cursor = seal.cursor([1, 2, 3], filters: "a")
    #expect(try seal.place(cursor, filters: "a") == [1, 2, 3])
    #expect(throws: Problem.self) { try seal.place(cursor, filters: "b") }
    let other = CursorSeal(key: Array(repeating: 2, count: 32))
    #expect(throws: Problem.self) { try other.place(cursor, filters: "a") }
  }

  @Test func everyChangedCharacterIsNoticed() {
    let cursor = Array(seal.cursor([1, 2, 3], filters: "a"))
    for index in cursor.indices {
      var changed = cursor
      changed[index] = changed[index] == "A" ? "B" : "A"
      #expect(throws: Problem.self) { try seal.place(String(changed), filters: "a") }
    }
    for bad in ["", "A", String(repeating: "A", count: 513)] {
      #expect(throws: Problem.self) { try seal.place(bad, filters: "a") }
    }
  }
}
