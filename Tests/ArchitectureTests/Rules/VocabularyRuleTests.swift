import Testing

@Suite struct VocabularyRuleTests {
  private func lines(_ text: String) -> [Int?] {
    VocabularyRule().findings(in: SourceFile(path: "Sources/A.swift", text: text)).map(\.line)
  }

  @Test(arguments: [
    "public let offset: Int", "package struct ConnectionManager {}",
    "public func f(at offset: Int)",
    "public enum DateUtils {}", "package static func make(dto: Int)",
    "public var sequenceNumber = 0",
    "public private(set) var fileOffset = 0", "public final class PostDTO {}",
    "package init(_ a: Int, offset: Int)", "public static let queryOffset = 1",
  ])
  func aRefusedWordInAPublicNameIsTold(line: String) {
    // The label decides, not the name inside: `at offset:` is called as `at:`.
    #expect(lines(line) == (line.contains("at offset") ? [] : [1]))
  }

  @Test(arguments: [
    "let offset = 1", "public let position: Int", "public func f() { let offset = 1 }",
    "public struct Utilisation {}", "public let sequence: Int", "public let dtos = 1",
  ])
  func otherNamesPass(line: String) { #expect(lines(line) == []) }

  @Test func namesFallIntoWords() {
    #expect(VocabularyRule.words(of: "eventIDOffset2") == ["event", "id", "offset", "2"])
    #expect(VocabularyRule.words(of: "JWTKeySet") == ["jwt", "key", "set"])
  }
}
