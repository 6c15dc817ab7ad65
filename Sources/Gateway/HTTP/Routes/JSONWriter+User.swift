package import Schemas

extension JSONWriter {
  /// An account as others see it.
  package mutating func user(_ user: Wordweave_Users_V1_User) {
    object { writer in
      writer.userMembers(user)
      writer.member("followers", user.followers)
      writer.member("following", user.following)
      if user.hasFollowedByViewer { writer.member("followedByViewer", user.followedByViewer) }
    }
  }

  /// The account's own state only, so that its tag may be strong.
  package mutating func ownAccount(_ user: Wordweave_Users_V1_User) {
    object { writer in
      writer.userMembers(user)
      writer.member("roles", user.roles)
      writer.member("suspended", user.suspended)
    }
  }

  private mutating func userMembers(_ user: Wordweave_Users_V1_User) {
    member("id", user.userID)
    member("username", user.username)
    member("displayName", user.displayName.isEmpty ? user.username : user.displayName)
    member("bio", orNull: user.bio)
    member("image", orNull: user.image)
    member("createdAt", moment: user.createdAt)
    member("updatedAt", moment: user.updatedAt)
    member("revision", user.revision)
    member("provisional", user.provisional)
  }
}
