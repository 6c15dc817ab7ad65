internal import Schemas
internal import ServiceKit
internal import SwiftProtobuf

/// Accounts' states in snapshots: the document of the read model, which holds all of a state.
package enum AccountStates: StateCodec {
  package typealias D = Account
  package static let name = "users.account"
  package static let version: UInt32 = 1
  package static let specimen: [Account.Event] = [
    .provisioned(id: "user_1", username: "user-1"),
    .registered(
      id: "user_1",
      username: "Émile",
      profile: Profile(displayName: "Émile", bio: "Sailor", image: "https://example.org/e.png")
    ),
    .usernameChanged(to: "emil", from: "Émile"),
    .profileEdited(ProfileChange(displayName: "", bio: "Captain")), .roleGranted(.moderator),
    .roleGranted(.administrator), .roleRevoked(.moderator), .suspended(reason: ""),
    .suspended(reason: "spam"), .reinstated, .deleted,
  ]

  package static func encode(_ state: Account.State) throws -> [UInt8]? {
    // The document knows accounts alone.
    guard state.standing != .unknown else { return nil }
    return try Wordweave_Users_V1_AccountDocument(state).serializedBytes()
  }

  package static func decode(_ bytes: [UInt8]) throws -> Account.State {
    Account.State(try Wordweave_Users_V1_AccountDocument(serializedBytes: bytes))
  }
}

/// Follows' states in snapshots: one byte, 1 for somebody who follows.
package enum FollowStates: StateCodec {
  package typealias D = Follow
  package static let name = "users.follow"
  package static let version: UInt32 = 1
  package static let specimen: [Follow.Event] = [
    .followed(by: "a", whom: "b"), .unfollowed(by: "a", whom: "b"),
  ]

  package static func encode(_ state: Follow.State) -> [UInt8]? { [state.isFollowing ? 1 : 0] }

  package static func decode(_ bytes: [UInt8]) -> Follow.State {
    var state = Follow.State()
    state.isFollowing = bytes == [1]
    return state
  }
}
