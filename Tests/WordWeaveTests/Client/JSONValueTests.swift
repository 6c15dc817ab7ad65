import Gateway
import Testing

@testable import WordWeave

@Suite struct JSONValueTests {
  @Test(arguments: [
    #"{"b":1,"a":[true,false,null,"x"],"big":123456789012345678901.50e+3}"#, "[]", "{}", "-0.5",
    #""\"\\\n\u0000""#,
  ])
  func whatIsReadIsWrittenTheSame(_ text: String) throws {
    #expect(try JSONValue(parsing: text).serialized == text)
  }

  @Test func escapesAreResolved() throws {
    #expect(try JSONValue(parsing: #""\u00e9\ud83d\ude00\/""#) == .string("é😀/"))
  }

  @Test(arguments: [
    "", "{", "[1,]", "01", "1.", "tru", "\"\u{1}\"", #""\ud800""#, "1 2", #"{"a" 1}"#, "\"open",
    String(repeating: "[", count: 200),
  ])
  func malformedTextsAreRefused(_ text: String) {
    #expect(throws: JSONFault.self) { try JSONValue(parsing: text) }
  }

  @Test func malformedUTF8IsRefused() {
    #expect(throws: JSONFault.self) { try JSONValue(parsing: [0x22, 0xFF, 0x22]) }
  }

  @Test func queriesAreEncoded() {
    var query = Query()
    query.add("tag", "a b&c/é")
    query.add("after", Int64?.none)
    query.add("limit", 5)
    #expect(query.text == "?tag=a%20b%26c%2F%C3%A9&limit=5")
  }
}
