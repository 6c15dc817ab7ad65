internal import EventLogCore
internal import Logging
internal import ProjectionsCore
internal import ProjectionsRocksDB

/// The read models of one service, open.
struct ReadModels: Sendable {
  let service: String
  let store: ReadModelStore
  let runtime: ProjectionRuntime

  init(of service: String, in directory: DataDirectory, log: any EventLogEngine, logger: Logger)
    throws
  {
    self.service = service
    let engine = try RocksDBReadModelEngine(path: directory.models(of: service))
    store = try ReadModelStore(engine, named: "models-\(service)")
    runtime = ProjectionRuntime(store: store, log: log, logger: logger)
  }
}
