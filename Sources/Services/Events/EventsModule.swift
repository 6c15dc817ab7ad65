package import EventLogCore
package import GRPCCore
package import ProjectionsCore

/// The Event Service: the log and the projections over it.
///
/// It is assembled apart from the catalogue's services, since it looks after all of them.
package enum EventsModule {
  /// As in `--only`.
  package static let name = "events"

  /// What answers calls; `interceptors` must stand before it in the server.
  ///
  /// Whoever assembles them runs `replays` beside them.
  ///
  /// - audit: the read model that `auditIndex` made; the caller runs its projection.
  package static func services(
    _ store: EventStore,
    log: any LogAdministration,
    projections: any ProjectionAdministration,
    audit: any ProjectionReader,
    replays: ReplayBoard
  ) -> [any RegistrableRPCService] {
    logServices(store, log: log) + [
      AdministrationService(
        store: store,
        log: log,
        projections: projections,
        replays: replays,
        started: .now
      ),
      ReplaysService(store: store, projections: projections, board: replays),
      auditService(store, index: audit),
    ]
  }

  /// Registers the projection that the audit asks.
  package static func auditIndex(in host: any ProjectionHost) throws -> any ProjectionReader {
    try host.register(AuditProjection())
  }

  /// What answers questions about what happened.
  package static func auditService(
    _ store: EventStore,
    index: any ProjectionReader
  ) -> any RegistrableRPCService {
    AuditService(store: store, index: index, record: ActionRecord(engine: store.engine))
  }

  /// What answers calls to the log alone.
  package static func logServices(
    _ store: EventStore,
    log: any LogAdministration
  ) -> [any RegistrableRPCService] {
    [
      EventLogService(store: store), StreamsService(store: store, log: log),
      TransferService(store: store),
    ]
  }

  /// What stands before the services.
  package static var interceptors: [any ServerInterceptor] { [OperatorsOnly()] }
}
