package import EventLogCore
internal import Schemas
internal import ServiceKit
internal import SwiftProtobuf

/// Accounts' events as protobuf messages; the message's name is the type.
package enum AccountCodec: EventCodec {
  /// The types that an account's stream holds.
  package static let types: [EventType] = [
    "UserRegistered", "UserProvisioned", "UsernameChanged", "ProfileEdited", "RoleGranted",
    "RoleRevoked", "UserSuspended", "UserReinstated", "UserDeleted",
  ]

  package static func encode(
    _ event: Account.Event
  ) throws -> (type: EventType, schemaVersion: UInt32, data: [UInt8], tags: [Tag]) {
    let (type, message) = stored(event)
    let tags = event.claimedUsername.map { [Tag.username($0)] } ?? []
    return (type, 1, try message.serializedBytes(), tags)
  }

  package static func decode(_ event: RecordedEvent) throws -> Account.Event? {
    switch event.type {
    case "UserRegistered":
      let message = try Wordweave_Users_V1_UserRegistered(serializedBytes: event.data)
      return .registered(
        id: message.userID,
        username: message.username,
        profile: Profile(
          displayName: message.displayName,
          bio: message.bio,
          image: message.image
        )
      )
    case "UserProvisioned":
      let message = try Wordweave_Users_V1_UserProvisioned(serializedBytes: event.data)
      return .provisioned(id: message.userID, username: message.username)
    case "UsernameChanged":
      let message = try Wordweave_Users_V1_UsernameChanged(serializedBytes: event.data)
      return .usernameChanged(to: message.username, from: message.former)
    case "ProfileEdited":
      let message = try Wordweave_Users_V1_ProfileEdited(serializedBytes: event.data)
      return .profileEdited(
        ProfileChange(
          displayName: message.hasDisplayName ? message.displayName : nil,
          bio: message.hasBio ? message.bio : nil,
          image: message.hasImage ? message.image : nil
        )
      )
    case "RoleGranted":
      let message = try Wordweave_Users_V1_RoleGranted(serializedBytes: event.data)
      return AccountRole(rawValue: message.role).map { .roleGranted($0) }
    case "RoleRevoked":
      let message = try Wordweave_Users_V1_RoleRevoked(serializedBytes: event.data)
      return AccountRole(rawValue: message.role).map { .roleRevoked($0) }
    case "UserSuspended":
      let message = try Wordweave_Users_V1_UserSuspended(serializedBytes: event.data)
      return .suspended(reason: message.reason)
    case "UserReinstated": return .reinstated
    case "UserDeleted": return .deleted
    default: return nil
    }
  }

  private static func stored(_ event: Account.Event) -> (EventType, any SwiftProtobuf.Message) {
    switch event {
    case .registered(let id, let username, let profile):
      (
        "UserRegistered",
        Wordweave_Users_V1_UserRegistered.with {
          $0.userID = id
          $0.username = username
          $0.displayName = profile.displayName
          $0.bio = profile.bio
          $0.image = profile.image
        }
      )
    case .provisioned(let id, let username):
      (
        "UserProvisioned",
        Wordweave_Users_V1_UserProvisioned.with {
          $0.userID = id
          $0.username = username
        }
      )
    case .usernameChanged(let username, let former):
      (
        "UsernameChanged",
        Wordweave_Users_V1_UsernameChanged.with {
          $0.username = username
          $0.former = former
        }
      )
    case .profileEdited(let change):
      (
        "ProfileEdited",
        Wordweave_Users_V1_ProfileEdited.with {
          if let displayName = change.displayName { $0.displayName = displayName }
          if let bio = change.bio { $0.bio = bio }
          if let image = change.image { $0.image = image }
        }
      )
    case .roleGranted(let role):
      ("RoleGranted", Wordweave_Users_V1_RoleGranted.with { $0.role = role.rawValue })
    case .roleRevoked(let role):
      ("RoleRevoked", Wordweave_Users_V1_RoleRevoked.with { $0.role = role.rawValue })
    case .suspended(let reason):
      ("UserSuspended", Wordweave_Users_V1_UserSuspended.with { $0.reason = reason })
    case .reinstated: ("UserReinstated", Wordweave_Users_V1_UserReinstated())
    case .deleted: ("UserDeleted", Wordweave_Users_V1_UserDeleted())
    }
  }
}
