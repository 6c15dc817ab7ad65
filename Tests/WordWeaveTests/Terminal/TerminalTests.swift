import Testing

@testable import WordWeave

@Suite struct TerminalTests {
  @Test func columnsAreAligned() {
    var table = Table(.init(heading: "NAME"), .init(heading: "N", alignment: .right))
    table.add("a", "1,000")
    table.add("日本", "2")
    #expect(table.lines(width: nil) == ["NAME      N", "a     1,000", "日本      2"])
  }

  @Test func linesAreCutAtTheWidth() {
    var table = Table(.init(heading: "A"), .init(heading: "B"))
    table.add("x", "a long text")
    #expect(table.lines(width: 8).allSatisfy { DisplayText.width($0) <= 8 })
    #expect(table.lines(width: 8)[1] == "x  a lo…")
  }

  @Test func twoLongTextsAreCutAroundTheirDifference() {
    let head = String(repeating: "a", count: 500)
    let late = DisplayText.differing(head + "x", head + "y", to: 40)
    #expect(late.first == "…aaaaaaaaaax")
    #expect(late.second == "…aaaaaaaaaay")
    let early = DisplayText.differing("x" + head, "y" + head, to: 4)
    #expect(early.first == "xaa…")
    #expect(early.second == "yaa…")
    let wide = String(repeating: "字", count: 100)
    let cut = DisplayText.differing(wide + "x" + wide, wide, to: 40)
    #expect(cut.first.contains("x"))
    #expect(DisplayText.width(cut.first) <= 40)
    let short = DisplayText.differing("abc", "abd", to: 4)
    #expect(short.first == "abc")
    #expect(short.second == "abd")
  }

  @Test func dataCannotSteerTheTerminal() {
    let shown = DisplayText.harmless("a\u{1B}[2J\nb\tc\u{9B}")
    #expect(shown == "a␛[2J⏎b c·")
  }

  @Test(arguments: [
    (0.04, "0.0 s"), (9.94, "9.9 s"), (59, "59 s"), (65, "1:05"), (7385, "2:03:05"),
  ])
  func timesAreShort(_ seconds: Double, _ shown: String) {
    #expect(Figures.time(.seconds(seconds)) == shown)
  }

  @Test func figuresAreGrouped() {
    #expect(Figures.count(1_234_567) == "1,234,567")
    #expect(Figures.count(-1000) == "-1,000")
    #expect(Figures.count(999) == "999")
    #expect(Figures.bytes(12_900_000) == "12.3 MiB")
    #expect(Figures.latency(.microseconds(840)) == "840 µs")
    #expect(Figures.rate(1234.4) == "1,234/s")
  }

  @Test func aProgressLineTellsShareRateAndTimeLeft() {
    let state = ProgressState(done: 250, total: 1000)
    let text = ProgressLine.text("Importing", state, after: .seconds(5), bar: false)
    #expect(text == "Importing  25 %  250/1,000  50/s  15 s left")
    let drawn = ProgressLine.text("Importing", state, after: .seconds(5), bar: true)
    #expect(drawn.contains("[██████··················]"))
  }

  @Test func unknownTotalsLeaveShareAndTimeOut() {
    let state = ProgressState(done: 7, total: nil, rate: 2, phase: "reading")
    #expect(ProgressLine.text("Work", state, after: .zero, bar: true) == "Work, reading  7  2.0/s")
  }

  @Test func percentilesAreNearestRanks() {
    var latencies = Latencies()
    for value in (1...100).shuffled() { latencies.add(.milliseconds(value)) }
    #expect(latencies.percentile(0.5) == .milliseconds(50))
    #expect(latencies.percentile(0.99) == .milliseconds(99))
    #expect(Latencies().percentile(0.5) == .zero)
  }
}
