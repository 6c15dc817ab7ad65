/// What a person tells about themselves.
package struct Profile: Hashable, Sendable {
  package var displayName: String
  package var bio: String
  package var image: String

  package init(displayName: String = "", bio: String = "", image: String = "") {
    self.displayName = displayName
    self.bio = bio
    self.image = image
  }
}

/// New values of some members of a profile.
package struct ProfileChange: Hashable, Sendable {
  package var displayName: String?
  package var bio: String?
  package var image: String?

  package init(displayName: String? = nil, bio: String? = nil, image: String? = nil) {
    self.displayName = displayName
    self.bio = bio
    self.image = image
  }

  package var isEmpty: Bool { displayName == nil && bio == nil && image == nil }

  package func applied(to profile: Profile) -> Profile {
    Profile(
      displayName: displayName ?? profile.displayName,
      bio: bio ?? profile.bio,
      image: image ?? profile.image
    )
  }

  /// The members that differ from a profile.
  package func without(_ profile: Profile) -> ProfileChange {
    ProfileChange(
      displayName: displayName == profile.displayName ? nil : displayName,
      bio: bio == profile.bio ? nil : bio,
      image: image == profile.image ? nil : image
    )
  }
}

/// What an account can be granted.
package enum AccountRole: String, Hashable, Sendable, CaseIterable {
  case moderator
  case administrator
}
