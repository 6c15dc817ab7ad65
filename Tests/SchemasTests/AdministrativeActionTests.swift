import Schemas
import SwiftProtobuf
import Testing

@Suite struct AdministrativeActionTests {
  private var action: Wordweave_Events_V1_AdministrativeAction {
    .with {
      $0.action = "projection-cut-over"
      $0.target = "posts/posts"
      $0.outcome = "done"
      $0.details = [
        .with {
          $0.name = "events"
          $0.value = "3"
        }
      ]
    }
  }

  @Test func actionsAreReadAsTheyWereWritten() throws {
    let stored = try #require(try Fixture.read("AdministrativeAction.v1"))
    #expect(try action.serializedBytes() as [UInt8] == stored)
    #expect(try Wordweave_Events_V1_AdministrativeAction(serializedBytes: stored) == action)
  }

  @Test func everyKindIsRenderedAsJSON() throws {
    let bytes: [UInt8] = try action.serializedBytes()
    for kind in AdministrativeKind.allCases {
      #expect(kind.type.utf8.first == UInt8(ascii: "$"))
      let json = try #require(Payloads.json(type: kind.type, data: bytes))
      #expect(json.contains(#""target":"posts/posts""#))
    }
    #expect(Payloads.json(type: "$truncated", data: bytes) == nil)
  }

  @Test func removalsAreReadWithoutASchema() {
    func json(_ type: String, _ data: [UInt8]) -> String? {
      Payloads.json(type: type, contentType: "application/octet-stream", data: data)
    }
    #expect(json("$truncated", [0, 0, 0, 0, 0, 0, 1, 2]) == #"{"before":258}"#)
    #expect(json("$truncated", [1]) == nil)
    #expect(json("$tombstoned", []) == "{}")
    #expect(json("Truncated", [0, 0, 0, 0, 0, 0, 0, 2]) == nil)
  }

  @Test func listsInMessagesAreNamed() throws {
    // What the audit takes for a list is one in the schema: set to nothing it stays a member.
    let edited = Wordweave_Posts_V1_PostEdited.with {
      $0.tags = .init()
      $0.byline = .with { $0.values = ["user_2a"] }
    }
    let json = try #require(
      Payloads.json(type: "PostEdited", data: try edited.serializedBytes())
    )
    #expect(json == #"{"tags":{},"byline":{"values":["user_2a"]}}"#)
    #expect(Payloads.lists(of: "PostEdited") == ["tags", "byline"])
    #expect(Payloads.lists(of: "PostDrafted").isEmpty)
  }
}
