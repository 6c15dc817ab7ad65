extension Payloads {
  /// The members of a type that its JSON leaves out where they have their defaults, each with its
  /// default as JSON.
  ///
  /// The protobuf library has no option to print them; members that know whether they are set are
  /// none of them.
  package static func defaults(of type: String) -> [String: String] { plainMembers[type] ?? [:] }

  private static let text = "\"\""
  private static let number = "0"
  private static let list = "[]"

  private static let plainMembers: [String: [String: String]] = {
    var members = ofServices
    members["$metadata"] = ["entries": list]
    for kind in AdministrativeKind.allCases {
      members[kind.type] = ["action": text, "target": text, "outcome": text, "details": list]
    }
    return members
  }()

  private static let ofServices: [String: [String: String]] = [
    "UserRegistered": [
      "userId": text, "username": text, "displayName": text, "bio": text, "image": text,
    ],
    "UserProvisioned": ["userId": text, "username": text],
    "UsernameChanged": ["username": text, "former": text],
    "RoleGranted": ["role": text],
    "RoleRevoked": ["role": text],
    "UserSuspended": ["reason": text],
    "UserFollowed": ["followerId": text, "followeeId": text],
    "UserUnfollowed": ["followerId": text, "followeeId": text],
    "PostDrafted": [
      "postId": text, "ownerId": text, "byline": list, "title": text, "summary": text,
      "body": text, "tags": list, "cover": text,
    ],
    "PostPublished": ["slug": text, "formerSlug": text, "publishedAt": number],
    "PostDeleted": ["reason": text, "deletedAt": number],
  ]
}
