internal import IdentityStandIn
internal import Testing

@Suite struct PasswordHashTests {
  @Test func scryptAgreesWithRFC7914() throws {
    let empty = try PasswordHash.derive(
      [],
      [],
      .init(logRounds: 4, blockSize: 1, parallelism: 1),
      count: 64
    )
    #expect(empty.prefix(8) == [0x77, 0xd6, 0x57, 0x62, 0x38, 0x65, 0x7b, 0x20])
    let salted = try PasswordHash.derive(
      Array("password".utf8),
      Array("NaCl".utf8),
      .init(logRounds: 10, blockSize: 8, parallelism: 16),
      count: 64
    )
    #expect(salted.prefix(8) == [0xfd, 0xba, 0xbe, 0x1c, 0x9d, 0x34, 0x72, 0x00])
  }

  @Test func onlyTheSamePasswordMatches() throws {
    let hash = try PasswordHash("corre\u{301}ct horse", cost: .trivial)
    let back = try #require(PasswordHash(stored: hash.text))
    #expect(back == hash)
    #expect(back.matches("corr\u{E9}ct horse"))
    #expect(!back.matches("correct horse"))
    #expect(!back.matches(""))
    #expect(try PasswordHash("a", cost: .trivial).text != PasswordHash("a", cost: .trivial).text)
  }

  @Test func theStandardCostIsWhatIsPromised() throws {
    let hash = try PasswordHash("x")
    #expect(hash.text.hasPrefix("$scrypt$ln=15,r=8,p=3$"))
    #expect(hash.matches("x"))
  }

  @Test(arguments: ["", "$scrypt$ln=15$a$b", "$2b$10$abc", "$scrypt$ln=99,r=8,p=3$AAAA$AAAA"])
  func foreignHashesAreRefused(_ text: String) {
    #expect(PasswordHash(stored: text) == nil)
  }
}
