import EventLogCore
import Testing

@Suite struct TextHashTests {
  @Test(arguments: [
    ("", UInt64(0), UInt64(0)),
    ("hello", 0xCBD8_A7B3_41BD_9B02, 0x5B1E_906A_48AE_1D19),
    ("hello, world", 0x342F_AC62_3A5E_BC8E, 0x4CDC_BC07_9642_414D),
    ("The quick brown fox jumps over the lazy dog.", 0xCD99_481F_9EE9_02C9, 0x695D_A1A3_8987_B6E7),
  ])
  func isMurmurHash3(_ text: String, high: UInt64, low: UInt64) {
    let hash = text.withBytes { TextHash($0, seed: 0) }
    #expect(hash == TextHash(high: high, low: low))
  }

  @Test func aTypeAndATagOfOneTextDiffer() {
    #expect(TextHash("a", as: .type) != TextHash("a", as: .tag))
  }
}
