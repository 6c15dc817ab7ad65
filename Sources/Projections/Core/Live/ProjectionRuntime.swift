public import EventLogCore
public import Logging
internal import MessagingCore
internal import Synchronization

/// The projections of one read-model store: registers them, runs them, names them.
public final class ProjectionRuntime: ProjectionHost {
  private let store: ReadModelStore
  private let log: any EventLogEngine
  private let logger: Logger
  private let registered = Mutex<[any ManagedProjection]>([])

  /// Makes a runtime over an open store and the log its projections fold.
  public init(
    store: ReadModelStore,
    log: any EventLogEngine,
    logger: Logger = Logger(label: "wordweave.projections")
  ) {
    self.store = store
    self.log = log
    self.logger = logger
  }

  /// Opens the projection's read model, new or as the store has it.
  public func register<P: Projection>(_ projection: P) throws -> any ProjectionReader {
    try open(projection)
  }

  /// Opens the projection's read model and answers it with all that can be done with it.
  public func open<P: Projection>(_ projection: P) throws -> LiveProjection<P> {
    let names = P.collections.map(\.name)
    guard Set(names).count == names.count, !names.contains(where: \.isEmpty) else {
      throw ReadModelError.misdeclared("\(P.id) declares two collections of one name")
    }
    guard self.projection(titled: P.id.title) == nil else {
      throw ReadModelError.misdeclared("\(P.id.title) is registered already")
    }
    let live = try LiveProjection(projection, in: store, log: log, logger: logger)
    registered.withLock { $0.append(live) }
    return live
  }

  /// Every registered projection, in the order of registration.
  public var projections: [any ManagedProjection] { registered.withLock { $0 } }

  /// The projection with this title (`service/name`) or this name alone; nil if there is none.
  public func projection(titled title: String) -> (any ManagedProjection)? {
    projections.first { $0.id.title == title } ?? projections.first { $0.id.name == title }
  }

  /// Runs all of them until cancelled.
  public func run(lanes: some LaneRunner) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for projection in projections { group.addTask { try await projection.run(lanes: lanes) } }
      try await group.waitForAll()
    }
  }

  /// Fills all of them through the head, while nothing runs them.
  public func catchUp() async throws {
    for projection in projections { try await projection.catchUp() }
  }
}
