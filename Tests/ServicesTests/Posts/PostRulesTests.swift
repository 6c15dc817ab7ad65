import PostsService
import ServiceKit
import Testing

@Suite struct CheckingPosts {
  private func code(_ check: () throws -> Void) -> String? {
    do {
      try check()
      return nil
    } catch let error as ValidationError {
      return error.field + " " + error.code
    } catch {
      return "\(error)"
    }
  }

  @Test func everyTextIsAcceptedAtItsLimitAndRefusedPastIt() {
    func times(_ count: Int, _ text: String = "ä") -> String {
      String(repeating: text, count: count)
    }
    #expect(code { _ = try PostRules.title(times(200)) } == nil)
    #expect(code { _ = try PostRules.title(times(201)) } == "title too-long")
    #expect(code { _ = try PostRules.title("") } == "title required")
    #expect(code { _ = try PostRules.title(" \u{2003}") } == "title required")
    #expect(code { _ = try PostRules.summary(times(500)) } == nil)
    #expect(code { _ = try PostRules.summary(times(501)) } == "summary too-long")
    #expect(code { _ = try PostRules.body(times(512 << 10, "a")) } == nil)
    #expect(code { _ = try PostRules.body(times((512 << 10) + 1, "a")) } == "body too-long")
    #expect(code { _ = try PostRules.tags((0..<20).map { "t\($0)" }) } == nil)
    #expect(code { _ = try PostRules.tags((0..<21).map { "t\($0)" }) } == "tags too-many")
    #expect(code { _ = try PostRules.tags([times(50)]) } == nil)
    #expect(code { _ = try PostRules.tags(["a", times(51)]) } == "tags/1 too-long")
    #expect(code { _ = try PostRules.tags([""]) } == "tags/0 required")
    #expect(code { _ = try PostRules.byline((0..<20).map { "user_\($0)" }) } == nil)
    #expect(code { _ = try PostRules.byline((0..<21).map { "user_\($0)" }) } == "byline too-many")
    let host = "https://x/"
    #expect(code { _ = try PostRules.cover(host + times(2048 - 10, "a")) } == nil)
    #expect(code { _ = try PostRules.cover(host + times(2048 - 9, "a")) } == "cover too-long")
    #expect(code { _ = try PostRules.cover("javascript:alert(1)") } == "cover malformed")
    #expect(code { _ = try PostRules.slug(times(80, "a")) } == nil)
    #expect(code { _ = try PostRules.slug(times(81, "a")) } == "slug too-long")
    #expect(code { _ = try PostRules.slug("日本") } == "slug malformed")
    #expect(code { _ = try PostRules.slug("Feed") } == "slug reserved")
    #expect(code { _ = try PostRules.id("x") } == "postId malformed")
  }

  @Test func controlCharactersAreRefusedButTabsAndLineEndsOfTexts() {
    #expect(code { _ = try PostRules.body("a\tb\r\nc") } == nil)
    #expect(code { _ = try PostRules.body("a\u{0}b") } == "body control-character")
    #expect(code { _ = try PostRules.body("a\u{85}b") } == "body control-character")
    #expect(code { _ = try PostRules.title("a\nb") } == "title control-character")
    #expect(code { _ = try PostRules.tags(["a\tb"]) } == "tags/0 control-character")
  }

  @Test func tagsAreComposedAndKeptOnce() throws {
    #expect(try PostRules.tags(["cafe\u{301}", "café", "sea"]) == ["café", "sea"])
  }
}
