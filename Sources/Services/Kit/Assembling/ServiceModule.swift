public import EventLogCore
public import GRPCCore
public import Logging
public import ProjectionsCore
package import Schemas

/// A service as a part of a process: one folder, and one line in the catalogue.
public protocol ServiceModule: Sendable {
  /// The service's name, as in `--only` and as its read models' folder.
  static var name: String { get }
  /// Makes the service out of what the process gives it.
  static func assemble(_ context: ServiceContext) throws -> ServiceAssembly
}

/// What a process gives each of its services.
public struct ServiceContext: Sendable {
  /// The log.
  public let eventStore: EventStore
  /// Where projections are registered.
  public let projections: any ProjectionHost
  /// How other services are reached.
  package let grpc: any ServiceClients
  /// Where states are shared with other processes; nil keeps them in this one.
  public let snapshots: SnapshotQueue?
  /// The time.
  public let clock: @Sendable () -> Timestamp
  /// Where new ids come from.
  public let makeID: @Sendable () -> EventID
  /// Where the service logs.
  public let logger: Logger

  /// Makes a context.
  package init(
    eventStore: EventStore,
    projections: any ProjectionHost,
    grpc: any ServiceClients,
    snapshots: SnapshotQueue? = nil,
    clock: @escaping @Sendable () -> Timestamp = { .now },
    makeID: @escaping @Sendable () -> EventID = { .make() },
    logger: Logger
  ) {
    self.eventStore = eventStore
    self.projections = projections
    self.grpc = grpc
    self.snapshots = snapshots
    self.clock = clock
    self.makeID = makeID
    self.logger = logger
  }
}

/// What a service brings to its process.
public struct ServiceAssembly: Sendable {
  /// What it answers.
  public let grpcServices: [any RegistrableRPCService]
  /// What it does besides; each runs until it is cancelled.
  public let background: [@Sendable () async throws -> Void]

  /// Makes an assembly.
  public init(
    grpcServices: [any RegistrableRPCService],
    background: [@Sendable () async throws -> Void] = []
  ) {
    self.grpcServices = grpcServices
    self.background = background
  }
}

/// How services reach each other: by gRPC, in one process or between several.
package protocol ServiceClients: Sendable {
  /// The client of the Users Service.
  ///
  /// - Errors: a process that does not reach the service says so.
  func users() throws -> any Wordweave_Users_V1_Users.ClientProtocol
}
