package import EventLogCore
package import ServiceKit

/// An account: stream `user-<user id>`.
package enum Account: Decider {
  package enum Event: Hashable, Sendable {
    case registered(id: String, username: String, profile: Profile)
    case provisioned(id: String, username: String)
    case usernameChanged(to: String, from: String)
    case profileEdited(ProfileChange)
    case roleGranted(AccountRole)
    case roleRevoked(AccountRole)
    case suspended(reason: String)
    case reinstated
    case deleted
  }

  package enum Command: Hashable, Sendable {
    /// `isTaken` is told by an attempt whose name belongs to another account.
    case register(id: String, username: String, profile: Profile, isTaken: Bool = false)
    /// `username` is chosen anew while it is taken.
    case provision(id: String, username: String)
    case changeUsername(to: String, isTaken: Bool = false)
    case editProfile(ProfileChange)
    case setRole(AccountRole, isGranted: Bool)
    case suspend(reason: String)
    case reinstate
    case delete
  }

  package enum Rejection: String, ExplainedRejection {
    case unknown = "not-found"
    case deleted = "account-deleted"
    case suspended = "account-suspended"
    case alreadyRegistered = "already-registered"
    case alreadyTaken = "already-taken"
  }

  package struct State: Hashable, Sendable {
    package enum Standing: Hashable, Sendable {
      case unknown
      case provisional
      case registered
      case deleted
    }

    package var id = ""
    package var standing = Standing.unknown
    package var username = ""
    /// Every name the account ever had, folded, in order.
    package var names: [String] = []
    package var profile = Profile()
    package var roles: Set<AccountRole> = []
    /// Nil unless suspended.
    package var suspension: String?
    package var createdAt = Timestamp(microseconds: 0)
    package var updatedAt = Timestamp(microseconds: 0)
    package var revision = StreamRevision.first

    package var exists: Bool { standing == .provisional || standing == .registered }
    package var mayWrite: Bool { exists && suspension == nil }

    package init() {}

    package func hasHad(_ username: String) -> Bool {
      names.contains(TextRules.folded(username))
    }
  }

  package static var initial: State { State() }

  package static func evolve(_ state: inout State, with event: Event) {
    switch event {
    case .registered(let id, let username, let profile):
      state.id = id
      state.standing = .registered
      state.take(username)
      state.profile = profile
    case .provisioned(let id, let username):
      state.id = id
      state.standing = .provisional
      state.take(username)
    case .usernameChanged(let username, _):
      state.standing = .registered
      state.take(username)
    case .profileEdited(let change): state.profile = change.applied(to: state.profile)
    case .roleGranted(let role): state.roles.insert(role)
    case .roleRevoked(let role): state.roles.remove(role)
    case .suspended(let reason): state.suspension = reason
    case .reinstated: state.suspension = nil
    case .deleted:
      state.standing = .deleted
      state.profile = Profile()
      state.roles = []
      state.suspension = nil
    }
  }

  package static func decide(
    _ command: Command,
    given state: State
  ) throws(Rejection) -> [Event] {
    guard state.standing != .deleted else {
      guard command == .delete else { throw .deleted }
      return []
    }
    switch command {
    case .register(let id, let username, let profile, let isTaken):
      return try register(id, username, profile, isTaken: isTaken, given: state)
    case .provision(let id, let username):
      return state.exists ? [] : [.provisioned(id: id, username: username)]
    default: break
    }
    guard state.exists else { throw .unknown }
    switch command {
    case .register, .provision: return []
    case .changeUsername(let username, let isTaken):
      guard state.suspension == nil else { throw .suspended }
      guard username != state.username else { return [] }
      guard !isTaken else { throw .alreadyTaken }
      return [.usernameChanged(to: username, from: state.username)]
    case .editProfile(let change):
      guard state.suspension == nil else { throw .suspended }
      let change = change.without(state.profile)
      return change.isEmpty ? [] : [.profileEdited(change)]
    case .setRole(let role, let isGranted):
      guard state.roles.contains(role) != isGranted else { return [] }
      return [isGranted ? .roleGranted(role) : .roleRevoked(role)]
    case .suspend(let reason):
      return state.suspension == nil ? [.suspended(reason: reason)] : []
    case .reinstate: return state.suspension == nil ? [] : [.reinstated]
    case .delete: return [.deleted]
    }
  }

  private static func register(
    _ id: String,
    _ username: String,
    _ profile: Profile,
    isTaken: Bool,
    given state: State
  ) throws(Rejection) -> [Event] {
    if state.standing == .registered {
      guard state.username == username, state.profile == profile else { throw .alreadyRegistered }
      return []
    }
    guard !isTaken else { throw .alreadyTaken }
    return [.registered(id: id, username: username, profile: profile)]
  }

  /// The tags that no event of another account may bear: a name the account never had.
  package static func claims(of event: Event, given state: State) -> [Tag] {
    guard let username = event.claimedUsername, !state.hasHad(username) else { return [] }
    return [.username(username)]
  }
}

extension Account.Event {
  /// The name that the event gives to the account.
  package var claimedUsername: String? {
    switch self {
    case .registered(_, let username, _), .provisioned(_, let username),
      .usernameChanged(let username, _):
      username
    default: nil
    }
  }
}

extension Tag {
  /// What finds the account that ever had a name.
  package static func username(_ username: String) -> Tag {
    Tag("username:" + TextRules.folded(username))
  }
}

extension Account.State: MomentTaking {
  package mutating func enter(_ moment: StreamMoment) {
    if standing == .unknown {
      createdAt = moment.time
      updatedAt = moment.time
    } else {
      // Each change shows another time, though two fall on one tick of the clock.
      updatedAt = max(moment.time, Timestamp(microseconds: updatedAt.microseconds + 1))
    }
    revision = moment.revision
  }

  fileprivate mutating func take(_ username: String) {
    self.username = username
    let name = TextRules.folded(username)
    if !names.contains(name) { names.append(name) }
  }
}

extension Account.Rejection {
  package var code: String { rawValue }
  package var reason: String {
    switch self {
    case .unknown: "There is no such account."
    case .deleted: "The account was deleted."
    case .suspended: "The account is suspended."
    case .alreadyRegistered: "The account is registered already."
    case .alreadyTaken: "The username has already been taken."
    }
  }
  package var kind: RejectionKind {
    switch self {
    case .unknown, .deleted: .notFound
    case .suspended: .forbidden
    case .alreadyRegistered, .alreadyTaken: .notAllowed
    }
  }
}
