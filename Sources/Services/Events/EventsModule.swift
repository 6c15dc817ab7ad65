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
    [
      EventLogService(store: store),
      AdministrationService(store: store, log: log, projections: projections),
    ]
  }

  /// What stands before the services.
  package static var interceptors: [any ServerInterceptor] { [OperatorsOnly()] }
}
