package import EventLogCore
package import GRPCCore
package import ProjectionsCore
package import ServiceKit

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
    replays: ReplayBoard,
    snapshots: SnapshotQueue? = nil
  ) -> [any RegistrableRPCService] {
    logServices(store, log: log, snapshots: snapshots) + [
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
    log: any LogAdministration,
    snapshots: SnapshotQueue? = nil
  ) -> [any RegistrableRPCService] {
    let notes = snapshots.map { NoteSnapshots(queue: $0, store: store) }
    return [
      EventLogService(store: store), StreamsService(store: store, log: log, notes: notes),
      TransferService(store: store),
    ]
  }

  /// What stands before the services.
  package static var interceptors: [any ServerInterceptor] { [OperatorsOnly()] }
}
