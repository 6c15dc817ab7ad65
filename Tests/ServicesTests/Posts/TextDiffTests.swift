import PostsService
import Testing

@Suite struct DiffingTexts {
  private func old(_ stretches: [DiffStretch]) -> String {
    stretches.filter { $0.kind != .added }.map(\.text).joined()
  }
  private func new(_ stretches: [DiffStretch]) -> String {
    stretches.filter { $0.kind != .removed }.map(\.text).joined()
  }

  @Test func aChangedWordIsRemovedAndAdded() {
    #expect(
      TextDiff.stretches(from: "The tide is high.", to: "The tide is low.") == [
        DiffStretch(.same, "The tide is "), DiffStretch(.removed, "high"),
        DiffStretch(.added, "low"), DiffStretch(.same, "."),
      ]
    )
  }

  @Test func equalTextsAreOneStretch() {
    #expect(TextDiff.stretches(from: "same", to: "same") == [DiffStretch(.same, "same")])
    #expect(TextDiff.stretches(from: "", to: "").isEmpty)
    #expect(TextDiff.stretches(from: "", to: "a") == [DiffStretch(.added, "a")])
    #expect(TextDiff.stretches(from: "a", to: "") == [DiffStretch(.removed, "a")])
  }

  @Test(arguments: 0..<200)
  func bothTextsAreGivenBackByteForByte(seed: Int) {
    var random = Generator(state: UInt64(seed) &* 0x9E37_79B9 &+ 1)
    let words = ["sea", " ", "tide", "\n", "é", "e\u{301}", "日本", ",", "low", "\r\n"]
    func text() -> String {
      (0..<Int.random(in: 0...40, using: &random)).map { _ in
        words.randomElement(using: &random) ?? ""
      }.joined()
    }
    let (a, b) = (text(), text())
    for limit in [TextDiff.edits, 3] {
      let stretches = TextDiff.stretches(from: a, to: b, edits: limit)
      #expect(Array(old(stretches).utf8) == Array(a.utf8))
      #expect(Array(new(stretches).utf8) == Array(b.utf8))
    }
  }

  @Test func theScriptIsTheShortest() {
    let a = "a b c a b b a".split(separator: " ").map(String.init)
    let b = "c b a b a c".split(separator: " ").map(String.init)
    // Myers' own example: five differences.
    #expect(TextDiff.stretches(from: a, to: b).count { $0.kind != .same } == 5)
  }

  @Test func textsThatDifferTooMuchAreComparedByLines() {
    let old = (0..<50).map { "line \($0)\n" }.joined()
    let new = (0..<50).map { $0 == 25 ? "other words here\n" : "line \($0)\n" }.joined()
    let stretches = TextDiff.stretches(from: old, to: new, edits: 2)
    #expect(
      stretches.filter { $0.kind != .same } == [
        DiffStretch(.removed, "line 25\n"), DiffStretch(.added, "other words here\n"),
      ]
    )
  }

  @Test func textsWithNothingInCommonEndSoon() {
    let old = (0..<60_000).map { "o\($0) " }.joined()
    let new = (0..<60_000).map { "n\($0) " }.joined()
    let time = ContinuousClock().measure {
      let stretches = TextDiff.stretches(from: old, to: new)
      #expect(stretches.contains(DiffStretch(.removed, old)) || !stretches.isEmpty)
    }
    #expect(time < .seconds(20))
  }

  private struct Generator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return state
    }
  }
}
