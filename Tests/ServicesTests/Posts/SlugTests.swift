import PostsService
import Testing

@Suite struct Slugs {
  @Test(arguments: [
    ("Hello, World!", "hello-world"), ("  Ärger über Öl & Straße  ", "aerger-ueber-oel-strasse"),
    ("Smørrebrød på Åland", "smorrebrod-pa-aland"), ("Łódź, Kraków", "lodz-krakow"),
    ("İstanbul'da ığdır", "istanbulda-igdir"), ("Nguyễn Văn Thiệu", "nguyen-van-thieu"),
    ("Don’t — stop", "dont-stop"), ("Swift 6.3 / 日本 edition", "swift-6-3-edition"),
    ("日本語", ""), ("---", ""), ("Cafe\u{301}", "cafe"), ("Þór Æsir ĳs ﬁn", "thor-aesir-ijs-fin"),
  ])
  func titlesAreFoldedToASCII(title: String, slug: String) {
    #expect(Slug.folded(title) == slug)
  }

  @Test func aSlugHasAtMostEightyCharactersAndEndsWithAWord() {
    let long = String(repeating: "word ", count: 40)
    let slug = Slug.folded(long)
    #expect(slug.utf8.count <= 80)
    #expect(slug.hasSuffix("word"))
    #expect(Slug.folded(String(repeating: "a", count: 200)).utf8.count == 80)
  }

  @Test func aSuffixFitsIntoTheLimit() {
    let base = String(repeating: "a", count: 80)
    let slug = Slug.choose(base, suffix: "f00dcafe") { $0 == base }
    #expect(slug == String(repeating: "a", count: 78) + "-2")
  }
}
