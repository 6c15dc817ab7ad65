package import EventLogCore
package import MessagingCore
package import ProjectionsCore
internal import Schemas
internal import ServiceKit
internal import SwiftProtobuf

/// Accounts, follows and their counts.
package struct UsersProjection: Projection {
  package static let id = ProjectionID(service: "users", name: "users", version: 1)
  package static let categories: Set<MessagingCore.Category> = ["user", "follow"]
  package static let query = EventQuery([
    EventQuery.Item(types: AccountCodec.types + FollowCodec.types)
  ])
  package static let collections: [any AnyCollection] = [
    UsersModel.accounts, UsersModel.follows, UsersModel.followers, UsersModel.following,
  ]

  package init() {}

  package func apply(_ event: RecordedEvent, to model: inout ReadModelTransaction) throws {
    if let follow = try FollowCodec.decode(event) {
      try apply(follow, at: StreamMoment(of: event), to: &model)
    } else if let account = try AccountCodec.decode(event) {
      try apply(account, at: StreamMoment(of: event), of: event, to: &model)
    }
  }

  private func apply(
    _ event: Account.Event,
    at moment: StreamMoment,
    of recorded: RecordedEvent,
    to model: inout ReadModelTransaction
  ) throws {
    // The stream names the account in every event; its payload does in the first one only.
    guard let stream = recorded.stream, let id = UserStreams.accountID(of: stream) else { return }
    let key = DocumentKey(id)
    var state =
      try model.get(key, in: UsersModel.accounts).map { Account.State($0) }
      ?? Account.initial
    state.enter(moment)
    Account.evolve(&state, with: event)
    try model.put(UsersModel.AccountDocument(state), at: key, in: UsersModel.accounts)
  }

  private func apply(
    _ event: Follow.Event,
    at moment: StreamMoment,
    to model: inout ReadModelTransaction
  ) throws {
    switch event {
    case .followed(let follower, let followee):
      let document = UsersModel.FollowDocument.with {
        $0.followerID = follower
        $0.followeeID = followee
        $0.since = moment.time.microseconds
      }
      try model.put(document, at: UsersModel.key(follower, followee), in: UsersModel.follows)
      try model.add(1, to: UsersModel.followers, at: DocumentKey(followee))
      try model.add(1, to: UsersModel.following, at: DocumentKey(follower))
    case .unfollowed(let follower, let followee):
      try model.delete(UsersModel.key(follower, followee), in: UsersModel.follows)
      try model.add(-1, to: UsersModel.followers, at: DocumentKey(followee))
      try model.add(-1, to: UsersModel.following, at: DocumentKey(follower))
    }
  }
}

extension UserStreams {
  /// The id of an account's stream; nil for a stream of another kind.
  static func accountID(of stream: StreamName) -> String? {
    stream.text.hasPrefix("user-") ? String(stream.text.dropFirst("user-".count)) : nil
  }
}
