internal import GRPCCore
internal import ServiceLifecycle

/// Runs a gRPC server until the process is asked to stop, then lets running calls finish.
struct GRPCServerService<Transport: ServerTransport>: Service {
  let server: GRPCServer<Transport>

  func run() async throws {
    try await withGracefulShutdownHandler {
      try await server.serve()
    } onGracefulShutdown: {
      server.beginGracefulShutdown()
    }
  }
}

/// Keeps a gRPC client's connections until the process is asked to stop.
struct GRPCClientService<Transport: ClientTransport>: Service {
  let client: GRPCClient<Transport>

  func run() async throws {
    try await withGracefulShutdownHandler {
      try await client.runConnections()
    } onGracefulShutdown: {
      client.beginGracefulShutdown()
    }
  }
}
