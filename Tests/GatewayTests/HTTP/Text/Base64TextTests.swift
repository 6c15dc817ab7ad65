internal import Gateway
internal import Testing

@Suite struct Base64TextTests {
  @Test func bytesSurviveTheWayThereAndBack() {
    for count in 0..<70 {
      let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 200) }
      #expect(Base64Text.urlDecoded(Base64Text.urlEncoded(bytes)) == bytes)
    }
    #expect(Base64Text.encoded(Array("fo".utf8)) == "Zm8=")
  }

  @Test(arguments: ["A", "Zm9=", "Zm9v=", "Z m9", "Zm9+", "Zh", "Zm9vYh\n"])
  func looseTextIsRefused(_ text: String) {
    #expect(Base64Text.urlDecoded(text) == nil)
  }
}
