import Testing

@Suite struct CodeRuleTests {
  @Test func refusedCodeIsToldWithItsLine() {
    let rule = CodeRule("print(", "log instead", except: [("Sources/WordWeave", "it answers")])
    let text = "// print(1)\nlet a = \"print(2)\"\nprint(3)\nfingerprint(4)\nterminal.print(5)"
    #expect(
      rule.findings(in: SourceFile(path: "Sources/Runtime/A.swift", text: text)).map(\.line) == [3]
    )
    #expect(rule.findings(in: SourceFile(path: "Sources/WordWeave/A.swift", text: text)).isEmpty)
  }

  @Test(arguments: [
    "try! f()", "x = try! f()", "fatalError(\"\")", "Thread(block: f)", "print(\"\")",
  ])
  func someRuleRefuses(code: String) {
    let file = SourceFile(path: "Sources/EventLog/Core/A.swift", text: code)
    #expect(CodeRule.all.contains { !$0.findings(in: file).isEmpty })
  }

  @Test(arguments: ["try f()", "BlockingThread(name: n)", "Thread.start(name: n) {}", "try? f()"])
  func noRuleRefuses(code: String) {
    let file = SourceFile(path: "Sources/EventLog/Core/A.swift", text: code)
    #expect(CodeRule.all.allSatisfy { $0.findings(in: file).isEmpty })
  }

  @Test func workLeftBehindIsTold() {
    let file = SourceFile(path: "Sources/A.swift", text: "a\n// TO" + "DO: b\nlet todos = 1")
    #expect(LeftoverRule.findings(in: file).map(\.line) == [2])
  }
}
