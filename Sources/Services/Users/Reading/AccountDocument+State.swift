internal import EventLogCore
internal import Schemas

// The document holds all of an account's state, so that the read model and the command side show
// an account by the same code.

extension Wordweave_Users_V1_AccountDocument {
  init(_ state: Account.State) {
    self.init()
    userID = state.id
    username = state.username
    names = state.names
    displayName = state.profile.displayName
    bio = state.profile.bio
    image = state.profile.image
    roles = state.roles.map(\.rawValue).sorted()
    suspended = state.suspension != nil
    suspensionReason = state.suspension ?? ""
    deleted = state.standing == .deleted
    provisional = state.standing == .provisional
    createdAt = state.createdAt.microseconds
    updatedAt = state.updatedAt.microseconds
    revision = state.revision.number
  }
}

extension Account.State {
  init(_ document: Wordweave_Users_V1_AccountDocument) {
    self.init()
    id = document.userID
    standing =
      document.deleted ? .deleted : document.provisional ? .provisional : .registered
    username = document.username
    names = document.names
    profile = Profile(
      displayName: document.displayName,
      bio: document.bio,
      image: document.image
    )
    roles = Set(document.roles.compactMap { AccountRole(rawValue: $0) })
    suspension = document.suspended ? document.suspensionReason : nil
    createdAt = Timestamp(microseconds: document.createdAt)
    updatedAt = Timestamp(microseconds: document.updatedAt)
    revision = StreamRevision(document.revision)
  }
}

extension Wordweave_Users_V1_User {
  /// An account as others see it, without counts.
  init(_ state: Account.State) {
    self.init()
    userID = state.id
    username = state.username
    displayName = state.profile.displayName
    bio = state.profile.bio
    image = state.profile.image
    createdAt = state.createdAt.microseconds
    updatedAt = state.updatedAt.microseconds
    revision = state.revision.number
    roles = state.roles.map(\.rawValue).sorted()
    suspended = state.suspension != nil
    provisional = state.standing == .provisional
  }

  init(_ document: Wordweave_Users_V1_AccountDocument) {
    self.init()
    userID = document.userID
    username = document.username
    displayName = document.displayName
    bio = document.bio
    image = document.image
    createdAt = document.createdAt
    updatedAt = document.updatedAt
    revision = document.revision
    roles = document.roles
    suspended = document.suspended
    provisional = document.provisional
  }
}
