import Testing

@Suite struct MaskedSourceTests {
  private func masked(_ text: String) -> String {
    MaskedSource.lines(of: text).joined(separator: "\n")
  }

  @Test func commentsAreMasked() {
    let spaces = String(repeating: " ", count: "/* d /* e */ f */".count)
    #expect(masked("a // b\nc /* d /* e */ f */ g") == "a     \nc \(spaces) g")
  }

  @Test func literalsAreMasked() {
    #expect(masked(##"f("print(", #"a"b"#)"##) == "f(        ,        )")
  }

  @Test func literalsOverSeveralLinesKeepTheirLines() {
    #expect(masked("a\n\"\"\"\n\"b\" // c\n\"\"\"\nd").split(separator: "\n").last == "d")
    #expect(MaskedSource.lines(of: "a\n\"\"\"\nb\n\"\"\"\nd").count == 5)
  }

  @Test func codeInAnInterpolationStaysCode() {
    #expect(masked(#""x \(a.map { "b\(c)" }) y""#) == "     a.map {     c   }    ")
  }

  @Test func anEscapedQuotationMarkEndsNothing() {
    #expect(masked(#""a\"b" c"#) == "       c")
  }
}
