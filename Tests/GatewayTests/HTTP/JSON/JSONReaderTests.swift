internal import Gateway
internal import Testing

@Suite struct JSONReaderTests {
  private func accepts(_ text: String) -> Bool {
    (try? JSONReader.value(of: Array(text.utf8))) != nil
  }

  @Test(arguments: [
    "{}", "[]", " [1] ", "\"\"", "null", "0", "-0", "1e5", "1.5E-3", #""\u00e9\n\/""#,
    #""\ud83d\ude00""#, #"{"a":{"b":[true,false,null]}}"#, "\"\u{7F}\"",
  ])
  func soundTextIsRead(_ text: String) {
    #expect(accepts(text))
  }

  @Test(arguments: [
    "", " ", "{", "[", "\"", "{]", "[1,]", "{\"a\":1,}", "{a:1}", "{\"a\" 1}", "01", "-", "1.",
    ".5",
    "1e", "+1", "NaN", "tru", "nulll", "[1 2]", "1 2", "\"\n\"", #""\x""#, #""\u12""#,
    #""\ud800""#, #""\ud800\u0041""#, #""\udc00""#, #"{"a":1,"a":2}"#, #"{"a":1,"\u0061":2}"#,
    "\u{FEFF}{}", "/**/{}", "'a'",
  ])
  func brokenTextIsRefused(_ text: String) {
    #expect(!accepts(text))
  }

  @Test(
    arguments: [
      [0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22],
      [0x22, 0xF5, 0x80, 0x80, 0x80, 0x22], [0x22, 0xE2, 0x82, 0x22],
      [0x22, 0x5C, 0x6E, 0xFF, 0x22],
    ] as [[UInt8]]
  )
  func textThatIsNotUTF8IsRefused(_ bytes: [UInt8]) {
    #expect(throws: JSONFault.self) { try JSONReader.value(of: bytes) }
  }

  @Test func depthAndMembersHoldAtTheirEdge() {
    func nested(_ depth: Int) -> String {
      String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }
    #expect(accepts(nested(GatewayLimits.jsonDepth)))
    #expect(!accepts(nested(GatewayLimits.jsonDepth + 1)))
    #expect(!accepts(String(repeating: "[", count: 1_000_000)))
    func wide(_ count: Int) -> String {
      "[" + Array(repeating: "1", count: count).joined(separator: ",") + "]"
    }
    #expect(accepts(wide(GatewayLimits.jsonMembers)))
    #expect(!accepts(wide(GatewayLimits.jsonMembers + 1)))
  }

  @Test func canonicallyEqualNamesAreTwoNames() {
    #expect(accepts("{\"\u{E9}\":1,\"e\u{301}\":2}"))
  }

  @Test func randomBytesNeverTrap() {
    var random = SplitMix(seed: 7)
    let letters = Array(#"{}[]",:\u0d8-+eE.truefalsn 1"#.utf8) + [0xC3, 0xA9, 0xFF]
    for _ in 0..<20_000 {
      let bytes = (0..<Int.random(in: 0...24, using: &random)).map { _ in
        letters[Int.random(in: 0..<letters.count, using: &random)]
      }
      _ = try? JSONReader.value(of: bytes)
    }
  }
}

/// A generator with a seed, so that what failed once fails again.
struct SplitMix: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
