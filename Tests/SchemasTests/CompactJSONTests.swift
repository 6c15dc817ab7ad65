import Schemas
import Testing

@Suite struct CompactJSONTests {
  private func compact(_ text: String) -> CompactJSON? { CompactJSON(Array(text.utf8)) }

  @Test func whatIsSoundIsKeptWithoutItsSpace() {
    let json = compact(
      " {\"a\" : [1.50, -2e+3,\n{}], \"caf\\u00e9\":\"x\\u0041\\n\\\"\" , \"n\":null}\n"
    )
    #expect(json?.text == #"{"a":[1.50,-2e+3,{}],"café":"xA\n\"","n":null}"#)
    #expect(
      json?.members == [
        .init(name: "a", value: "[1.50,-2e+3,{}]"), .init(name: "café", value: #""xA\n\"""#),
        .init(name: "n", value: "null"),
      ]
    )
    #expect(compact(#"{"in":{"b":true}}"#)?.members == [.init(name: "in", value: #"{"b":true}"#)])
    #expect(compact("{}")?.members == [])
    #expect(compact("[{\"a\":1}]")?.members == nil)
    #expect(compact(#""\ud83d\ude00""#)?.text == "\"😀\"")
  }

  @Test(
    arguments: [
      "", "{", "{}x", "{a:1}", #"{"a":1,}"#, #"{"a":1,"a":2}"#, #"{"a":1,"\u0061":2}"#, "[1,]",
      "01",
      "1.", "-", "tru", "\"a", "\"\n\"", #""\x""#, #""\ud800""#, #""\u12""#, "NaN", "[1 2]",
    ]
  ) func whatIsNotIsRefused(text: String) {
    #expect(compact(text) == nil)
  }

  @Test func nestingAndBadBytesAreRefused() {
    let deep = String(repeating: "[", count: 64) + String(repeating: "]", count: 64)
    #expect(compact(deep) != nil)
    #expect(compact("[" + deep + "]") == nil)
    #expect(CompactJSON([0x22, 0xFF, 0x22]) == nil)
  }
}
