internal import EventLogCore
internal import Schemas
internal import ServiceKit
internal import SwiftProtobuf

/// Posts' states in snapshots: the document of the read model, which holds all of a state.
package enum PostStates: StateCodec {
  package typealias D = Post
  package static let name = "posts.post"
  package static let version: UInt32 = 1
  package static let specimen: [Post.Event] = [
    .drafted(
      id: "018f3c1e-0000-7000-8000-000000000001",
      owner: "user_1",
      Content(
        title: "Tides",
        summary: "High and low",
        body: "# Tides\r\n",
        tags: ["sea", "moon"],
        cover: "/media/1",
        byline: ["user_1", "user_2"]
      )
    ),
    .published(slug: "tides", former: "", at: Timestamp(microseconds: 1)),
    .edited(ContentChange(title: "Waves", body: "", tags: [], slug: "waves")),
    .edited(ContentChange(summary: "High", cover: "", byline: [])), .unpublished,
    .published(slug: "waves", former: "tides", at: Timestamp(microseconds: 2)),
    .edited(ContentChange(slug: "waves")),
    .deleted(reason: "old", at: Timestamp(microseconds: 3)), .restored,
  ]

  package static func encode(_ state: PostState) throws -> [UInt8]? {
    // The document knows posts alone.
    guard state.exists else { return nil }
    return try Wordweave_Posts_V1_PostDocument(state).serializedBytes()
  }

  package static func decode(_ bytes: [UInt8]) throws -> PostState {
    PostState(try Wordweave_Posts_V1_PostDocument(serializedBytes: bytes))
  }
}
