internal import ServiceLifecycle

/// A piece of work that runs until it is cancelled or the process stops.
struct ClosureService: Service, CustomStringConvertible {
  let description: String
  let body: @Sendable () async throws -> Void

  init(_ description: String, _ body: @escaping @Sendable () async throws -> Void) {
    self.description = description
    self.body = body
  }

  func run() async throws { try await body() }
}
