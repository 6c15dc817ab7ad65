internal import Gateway
internal import NIOCore
internal import Testing

@Suite struct JSONWriterTests {
  @Test func commasStandBetweenAndEscapesWhereTheyMust() {
    var writer = JSONWriter()
    writer.object { writer in
      writer.member("a", "x\"\\\n\r\t\u{1}é😀/")
      writer.member("b", -5)
      writer.key("c")
      writer.array {
        $0.bool(true)
        $0.null()
        $0.array { _ in }
        $0.object { _ in }
      }
      writer.member("d", orNull: "")
      writer.member("e", moment: 0)
      writer.key("f")
      writer.number(0.5)
    }
    #expect(
      String(buffer: writer.buffer)
        == #"{"a":"x\"\\\n\r\t\u0001é😀/","b":-5,"c":[true,null,[],{}],"d":null,"#
        + #""e":"1970-01-01T00:00:00.000000Z","f":0.5}"#
    )
  }

  @Test func whatIsWrittenIsReadBack() throws {
    var random = SplitMix(seed: 3)
    for _ in 0..<500 {
      var text = ""
      for _ in 0..<Int.random(in: 0...40, using: &random) {
        guard let scalar = Unicode.Scalar(UInt32.random(in: 0...0x2FFF, using: &random)) else {
          continue
        }
        text.unicodeScalars.append(scalar)
      }
      var writer = JSONWriter()
      writer.text(text)
      let back = try JSONReader.value(of: writer.buffer.readableBytesView).text ?? "?"
      #expect(Array(back.utf8) == Array(text.utf8))
    }
  }
}
