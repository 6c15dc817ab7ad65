internal import Gateway
internal import Testing

@Suite struct EntityTagTests {
  @Test(
    arguments: [
      ([], .none), (["*"], .exists), (["\"r7\""], .revision(7)), (["\"r7-gzip\""], .revision(7)),
      (["W/\"r7\""], .never), (["\"x\""], .never), (["\"r07\""], .never),
      (["\"x\", \"r3\""], .revision(3)),
    ] as [([String], EntityTag.Condition)]
  )
  func ifMatchNamesARevision(_ values: [String], _ condition: EntityTag.Condition) throws {
    #expect(try EntityTag.ifMatch(values) == condition)
  }

  @Test(arguments: ["r7", "\"r7", "\"r7\" \"r8\"", "\"r7\",\"r8\"", ""])
  func whatIsNoListOfTagsIsRefused(_ value: String) {
    #expect(throws: Problem.self) { try EntityTag.ifMatch([value]) }
  }

  @Test func ifNoneMatchComparesWeakly() throws {
    #expect(try EntityTag.noneMatch(["W/\"r7\""], tag: "\"r7\""))
    #expect(try EntityTag.noneMatch(["\"r7-br\", \"x\""], tag: "\"r7\""))
    #expect(try EntityTag.noneMatch(["*"], tag: "\"r7\""))
    #expect(try !EntityTag.noneMatch(["\"r8\""], tag: "\"r7\""))
    #expect(try EntityTag.noneMatch(["W/\"r7-a1\""], tag: "W/\"r7-a1\""))
  }
}
