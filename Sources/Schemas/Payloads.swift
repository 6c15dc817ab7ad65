internal import EventLogCore
internal import SwiftProtobuf

/// Every event type whose payload this program can read, for people and audit.
package enum Payloads {
  /// The media type of payloads that are JSON themselves.
  package static let jsonType = "application/json"

  /// The payload as JSON: as its schema says, or as it was appended, if that is JSON; nil if nobody
  /// can tell.
  package static func json(type: String, contentType: String, data: [UInt8]) -> String? {
    switch contentType {
    case NewEvent.protobuf: json(type: type, data: data)
    case jsonType: CompactJSON(data)?.text
    default: removal(type: type, data: data)
    }
  }

  /// What an event of the log that removes others says: it has bytes of its own and no schema.
  private static func removal(type: String, data: [UInt8]) -> String? {
    if type == Removal.truncated.text, data.count == 8 {
      var revision: UInt64 = 0
      for byte in data { revision = revision << 8 | UInt64(byte) }
      return "{\"before\":\(revision)}"
    }
    return type == Removal.tombstoned.text && data.isEmpty ? "{}" : nil
  }

  /// The payload as JSON; nil if the type is not known or the bytes are not of it.
  package static func json(type: String, data: [UInt8]) -> String? {
    guard let message = messages[type] ?? reserved[type],
      let payload = try? message.init(serializedBytes: data)
    else { return nil }
    var options = JSONEncodingOptions()
    options.alwaysPrintInt64sAsNumbers = true
    return try? payload.jsonString(options: options)
  }

  /// The known types, by name.
  package static var types: [String] { messages.keys.sorted() }

  /// Members of a type that are lists inside a message of their own, so that "changed to none" and
  /// "not changed" differ.
  package static func lists(of type: String) -> [String] {
    type == "PostEdited" ? ["tags", "byline"] : []
  }

  /// The log's own types.
  private static let reserved: [String: any (Message & Sendable).Type] = {
    var types: [String: any (Message & Sendable).Type] = [
      "$metadata": Wordweave_Events_V1_StreamMetadata.self
    ]
    for kind in AdministrativeKind.allCases {
      types[kind.type] = Wordweave_Events_V1_AdministrativeAction.self
    }
    return types
  }()

  // The name of an event's message is its type.
  private static let messages: [String: any (Message & Sendable).Type] = [
    "UserRegistered": Wordweave_Users_V1_UserRegistered.self,
    "UserProvisioned": Wordweave_Users_V1_UserProvisioned.self,
    "UsernameChanged": Wordweave_Users_V1_UsernameChanged.self,
    "ProfileEdited": Wordweave_Users_V1_ProfileEdited.self,
    "RoleGranted": Wordweave_Users_V1_RoleGranted.self,
    "RoleRevoked": Wordweave_Users_V1_RoleRevoked.self,
    "UserSuspended": Wordweave_Users_V1_UserSuspended.self,
    "UserReinstated": Wordweave_Users_V1_UserReinstated.self,
    "UserDeleted": Wordweave_Users_V1_UserDeleted.self,
    "UserFollowed": Wordweave_Users_V1_UserFollowed.self,
    "UserUnfollowed": Wordweave_Users_V1_UserUnfollowed.self,
    "PostDrafted": Wordweave_Posts_V1_PostDrafted.self,
    "PostEdited": Wordweave_Posts_V1_PostEdited.self,
    "PostPublished": Wordweave_Posts_V1_PostPublished.self,
    "PostUnpublished": Wordweave_Posts_V1_PostUnpublished.self,
    "PostDeleted": Wordweave_Posts_V1_PostDeleted.self,
    "PostRestored": Wordweave_Posts_V1_PostRestored.self,
  ]
}
