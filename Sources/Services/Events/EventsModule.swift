package import EventLogCore
package import GRPCCore

/// The Event Service: the log and the projections over it.
///
/// It is assembled apart from the catalogue's services, since it looks after all of them.
package enum EventsModule {
  /// As in `--only`.
  package static let name = "events"

  /// What answers calls; `interceptors` must stand before it in the server.
  package static func services(
    _ store: EventStore,
    log: any LogAdministration,
    projections: any ProjectionAdministration
  ) -> [any RegistrableRPCService] {
    logServices(store, log: log) + [
      AdministrationService(store: store, log: log, projections: projections)
    ]
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
