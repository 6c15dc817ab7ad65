package import EventLogCore
internal import Schemas
package import ServiceKit
internal import SwiftProtobuf

/// One account following another: stream `follow-<follower id>.<followee id>`.
package enum Follow: Decider {
  package enum Event: Hashable, Sendable {
    case followed(by: String, whom: String)
    case unfollowed(by: String, whom: String)
  }

  package enum Command: Hashable, Sendable {
    case follow(by: String, whom: String)
    case unfollow(by: String, whom: String)
  }

  package enum Rejection: String, ExplainedRejection {
    case oneself

    package var code: String { rawValue }
    package var reason: String { "Nobody follows themselves." }
    package var kind: RejectionKind { .notAllowed }
  }

  package struct State: Hashable, Sendable, MomentTaking {
    package var isFollowing = false
    package init() {}
    package mutating func enter(_ moment: StreamMoment) {}
  }

  package static var initial: State { State() }

  package static func evolve(_ state: inout State, with event: Event) {
    switch event {
    case .followed: state.isFollowing = true
    case .unfollowed: state.isFollowing = false
    }
  }

  package static func decide(
    _ command: Command,
    given state: State
  ) throws(Rejection) -> [Event] {
    switch command {
    case .follow(let follower, let followee):
      guard follower != followee else { throw .oneself }
      return state.isFollowing ? [] : [.followed(by: follower, whom: followee)]
    case .unfollow(let follower, let followee):
      return state.isFollowing ? [.unfollowed(by: follower, whom: followee)] : []
    }
  }
}

/// Follows' events as protobuf messages.
package enum FollowCodec: EventCodec {
  /// The types that a follow's stream holds.
  package static let types: [EventType] = ["UserFollowed", "UserUnfollowed"]

  package static func encode(
    _ event: Follow.Event
  ) throws -> (type: EventType, schemaVersion: UInt32, data: [UInt8], tags: [Tag]) {
    switch event {
    case .followed(let follower, let followee):
      let message = Wordweave_Users_V1_UserFollowed.with {
        $0.followerID = follower
        $0.followeeID = followee
      }
      return ("UserFollowed", 1, try message.serializedBytes(), [])
    case .unfollowed(let follower, let followee):
      let message = Wordweave_Users_V1_UserUnfollowed.with {
        $0.followerID = follower
        $0.followeeID = followee
      }
      return ("UserUnfollowed", 1, try message.serializedBytes(), [])
    }
  }

  package static func decode(_ event: RecordedEvent) throws -> Follow.Event? {
    switch event.type {
    case "UserFollowed":
      let message = try Wordweave_Users_V1_UserFollowed(serializedBytes: event.data)
      return .followed(by: message.followerID, whom: message.followeeID)
    case "UserUnfollowed":
      let message = try Wordweave_Users_V1_UserUnfollowed(serializedBytes: event.data)
      return .unfollowed(by: message.followerID, whom: message.followeeID)
    default: return nil
    }
  }
}
