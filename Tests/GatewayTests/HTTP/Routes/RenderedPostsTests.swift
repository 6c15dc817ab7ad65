import NIOCore
import Schemas
import Testing

@testable import Gateway

@Suite struct RenderedPostsTests {
  private static func post(title: String) -> Wordweave_Posts_V1_Post {
    var post = Wordweave_Posts_V1_Post()
    post.postID = "one"
    post.title = title
    post.body = "High\nand \"low\"\\"
    return post
  }

  @Test func anEqualPostHasTheSameBytes() {
    let posts = RenderedPosts()
    let first = posts.json(Self.post(title: "Tides"))
    #expect(posts.json(Self.post(title: "Tides")) == first)
    #expect(RenderedPosts().json(Self.post(title: "Tides")) == first)
  }

  @Test func anotherContentUnderTheSameIdIsRenderedAnew() {
    let posts = RenderedPosts()
    _ = posts.json(Self.post(title: "Tides"))
    #expect(String(buffer: posts.json(Self.post(title: "Waves"))).contains("\"title\":\"Waves\""))
  }

  @Test func textsAreEscapedWhereverTheyStand() {
    for count in 0..<20 {
      var writer = JSONWriter()
      writer.text(String(repeating: "a", count: count) + "\"\\\n\r\t\u{1}é" + "b")
      let expected =
        "\"" + String(repeating: "a", count: count) + #"\"\\\n\r\t\u0001é"# + "b\""
      #expect(String(buffer: writer.buffer) == expected)
    }
  }
}
