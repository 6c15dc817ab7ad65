import Testing

@Suite struct LawRuleTests {
  private let law = SourceFile(
    path: "Sources/EventLog/Conformance/Laws.swift",
    text: "func L01_matrix() {}\nfunc L02_whole() {}"
  )

  private func rule(
    contract: String,
    tests: String,
    admitted: [Int: String] = [:]
  ) -> LawRule {
    LawRule(
      letter: "L",
      contract: [SourceFile(path: "Sources/EventLog/Core/A.swift", text: contract)],
      functions: [law],
      tests: [SourceFile(path: "Tests/EventLogTests/A.swift", text: tests)],
      admitted: admitted
    )
  }

  @Test func numbersAndRangesAreRead() {
    let text = "law L1, (L47, L48), laws L31 to L33; H0 and 100L2 are none, nor is M5"
    #expect(LawRule.named(in: text, letter: "L") == [1, 47, 48, 31, 32, 33])
  }

  @Test func aLawWithoutFunctionIsTold() {
    let tests = "@Test func a() { L01_matrix(); L02_whole() }"
    #expect(rule(contract: "/// laws L1 to L2", tests: tests).findings().isEmpty)
    #expect(rule(contract: "/// law L3", tests: tests).findings().count == 1)
    #expect(rule(contract: "/// law L3", tests: tests, admitted: [3: "later"]).findings().isEmpty)
  }

  @Test func aFunctionThatNobodyRunsIsTold() {
    let findings = rule(contract: "", tests: "@Test func a() { L01_matrix() }").findings()
    #expect(findings.map(\.sentence) == ["declares L02_whole, which no test runs."])
  }
}
