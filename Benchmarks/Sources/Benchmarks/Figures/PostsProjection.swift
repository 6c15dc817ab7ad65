import EventLogCore
import MessagingCore
import ProjectionsCore

/// A projection as a list of posts has it: one document per post, found by author and by time of
/// change, and a counter per author.
struct PostsProjection: Projection {
  static let id = ProjectionID(service: "bench", name: "posts", version: 1)
  static let categories: Set<MessagingCore.Category> = ["post"]
  static let query = EventQuery.all
  static var collections: [any AnyCollection] { [posts, perAuthor] }

  struct Post: Sendable {
    var author: String
    var changedAt: Timestamp
    var revisions: UInt64
    var text: [UInt8]
  }

  static let perAuthor = Counter("per-author")
  static let posts = Collection<Post>(
    "posts",
    encode: { post in
      var bytes: [UInt8] = []
      for number in [UInt64(bitPattern: post.changedAt.microseconds), post.revisions] {
        withUnsafeBytes(of: number.littleEndian) { bytes += $0 }
      }
      bytes.append(UInt8(clamping: post.author.utf8.count))
      return bytes + post.author.utf8 + post.text
    },
    decode: { bytes in
      func number(_ place: Int) -> UInt64 {
        bytes[place..<(place + 8)].reversed().reduce(0) { $0 << 8 | UInt64($1) }
      }
      let end = 17 + Int(bytes[16])
      return Post(
        author: String(decoding: bytes[17..<end], as: UTF8.self),
        changedAt: Timestamp(microseconds: Int64(bitPattern: number(0))),
        revisions: number(8),
        text: Array(bytes[end...])
      )
    },
    indexes: [
      Index("by-author") { [DocumentKey($0.author).with(descending: $0.changedAt)] },
      Index("by-change") { [DocumentKey().with(descending: $0.changedAt)] },
    ]
  )

  func apply(_ event: RecordedEvent, to model: inout ReadModelTransaction) throws {
    guard let stream = event.stream else { return }
    let key = DocumentKey(stream.text)
    let data = event.data
    if var post = try model.get(key, in: Self.posts) {
      post.changedAt = event.recordedAt
      post.revisions += 1
      post.text = data
      try model.put(post, at: key, in: Self.posts)
    } else {
      let author = event.tags.first?.text ?? ""
      let post = Post(author: author, changedAt: event.recordedAt, revisions: 1, text: data)
      try model.put(post, at: key, in: Self.posts)
      try model.add(1, to: Self.perAuthor, at: DocumentKey(author))
    }
  }
}
