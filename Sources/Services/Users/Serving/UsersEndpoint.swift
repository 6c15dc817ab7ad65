internal import EventLogCore
internal import GRPCCore
internal import Logging
package import ProjectionsCore
internal import Schemas
public import ServiceKit

/// Accounts, profiles and follows, by gRPC.
///
/// Commands are decided on the accounts' streams; lists and counts come from the read model.
package struct UsersEndpoint: Sendable {
  let accounts: CommandHandler<Account, AccountCodec>
  let follows: CommandHandler<Follow, FollowCodec>
  let model: any ProjectionReader
  let makeID: @Sendable () -> EventID
  let logger: Logger

  package init(_ context: ServiceContext, model: any ProjectionReader) throws {
    self.model = model
    makeID = context.makeID
    logger = context.logger
    accounts = try CommandHandler(
      context.eventStore,
      makeID: context.makeID,
      weigh: { $0.profile.bio.utf8.count + $0.profile.image.utf8.count + 512 },
      claims: Account.claims
    ).sharing(AccountStates.self, over: context.snapshots)
    follows = try CommandHandler(
      context.eventStore,
      makeID: context.makeID,
      weigh: { _ in 64 }
    ).sharing(FollowStates.self, over: context.snapshots)
  }
}

/// The Users Service as a part of a process.
public enum UsersModule: ServiceModule {
  /// `users`.
  public static let name = "users"
  /// Makes the service and its projection.
  public static func assemble(_ context: ServiceContext) throws -> ServiceAssembly {
    let model = try context.projections.register(UsersProjection())
    return ServiceAssembly(grpcServices: [try UsersEndpoint(context, model: model)])
  }
}
