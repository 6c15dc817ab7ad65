internal import EventLogCore
package import ProjectionsCore
package import Schemas
internal import ServiceKit
internal import SwiftProtobuf

/// The collections of the Users Service's read model.
package enum UsersModel {
  package typealias AccountDocument = Wordweave_Users_V1_AccountDocument
  package typealias FollowDocument = Wordweave_Users_V1_FollowDocument

  /// Finds the account that has or had a name; names are folded.
  package static let byName = Index<AccountDocument>("name") { document in
    document.names.map { DocumentKey($0) }
  }
  /// Whom an account follows, newest first.
  package static let byFollower = Index<FollowDocument>("follower") { document in
    [DocumentKey(document.followerID).with(descending: Timestamp(microseconds: document.since))]
  }
  /// Who follows an account, newest first.
  package static let byFollowee = Index<FollowDocument>("followee") { document in
    [DocumentKey(document.followeeID).with(descending: Timestamp(microseconds: document.since))]
  }
  /// Accounts under their ids.
  package static let accounts = Collection<AccountDocument>(
    "accounts",
    encode: { try $0.serializedBytes() },
    decode: { try AccountDocument(serializedBytes: $0) },
    indexes: [byName]
  )
  /// Follows under follower and followee.
  package static let follows = Collection<FollowDocument>(
    "follows",
    encode: { try $0.serializedBytes() },
    decode: { try FollowDocument(serializedBytes: $0) },
    indexes: [byFollower, byFollowee]
  )
  /// How many follow an account.
  package static let followers = Counter("followers")
  /// How many an account follows.
  package static let following = Counter("following")

  /// The key of a follow.
  package static func key(_ follower: String, _ followee: String) -> DocumentKey {
    DocumentKey(follower).with(followee)
  }
}
