internal import EventLogCore
internal import GRPCCore
internal import Logging
package import ProjectionsCore
internal import Schemas
public import ServiceKit

/// Posts, their publication and their history, by gRPC.
///
/// Commands and history are folded from the posts' streams; single posts, lists and tags come from
/// the read model.
package struct PostsEndpoint: Sendable {
  let posts: CommandHandler<Post, PostCodec>
  let folder: StreamFolder<Post, PostCodec>
  let store: EventStore
  let model: any ProjectionReader
  let history: any ProjectionReader
  let permission: WritingPermission
  let clock: @Sendable () -> Timestamp
  let makeID: @Sendable () -> EventID
  let logger: Logger

  package init(
    _ context: ServiceContext,
    model: any ProjectionReader,
    history: any ProjectionReader
  ) throws {
    self.model = model
    self.history = history
    store = context.eventStore
    folder = StreamFolder(context.eventStore)
    permission = WritingPermission(clients: context.grpc)
    clock = context.clock
    makeID = context.makeID
    logger = context.logger
    posts = try CommandHandler(
      context.eventStore,
      makeID: context.makeID,
      // What readers see mostly shares its texts with the working copy.
      weigh: { state in
        let shown = state.shown.map { $0 == state.working ? 0 : $0.body.utf8.count } ?? 0
        return state.working.body.utf8.count + shown + 2048
      },
      claims: Post.claims
    ).sharing(PostStates.self, over: context.snapshots)
  }
}

/// The Posts Service as a part of a process.
public enum PostsModule: ServiceModule {
  /// `posts`.
  public static let name = "posts"
  /// Makes the service and its projections.
  public static func assemble(_ context: ServiceContext) throws -> ServiceAssembly {
    let model = try context.projections.register(PostsProjection())
    let history = try context.projections.register(HistoryProjection())
    return ServiceAssembly(
      grpcServices: [try PostsEndpoint(context, model: model, history: history)])
  }
}

extension PostsEndpoint: Wordweave_Posts_V1_Posts.ServiceProtocol {}
