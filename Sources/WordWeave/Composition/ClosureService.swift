internal import ServiceLifecycle

/// A piece of work that runs until the process stops, and is then cancelled.
struct ClosureService: Service, CustomStringConvertible {
  let description: String
  private let body: @Sendable () async throws -> Void

  init(_ description: String, _ body: @escaping @Sendable () async throws -> Void) {
    self.description = description
    self.body = body
  }

  func run() async throws {
    let body = body
    do {
      try await cancelWhenGracefulShutdown { try await body() }
    } catch is CancellationError {
      // The process stops.
    }
  }
}
