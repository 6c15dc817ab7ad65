internal import GRPCCore
internal import Schemas
internal import Synchronization

/// Whether the services of a server can be used, for those who ask and those who watch.
final class HealthBoard: Sendable {
  private struct State {
    var isServing = false
    var watchers: [UInt64: AsyncStream<Bool>.Continuation] = [:]
    var next: UInt64 = 0
  }

  /// The names that are known; the empty one stands for the server as a whole.
  let names: Set<String>
  private let state = Mutex(State())

  init(services: [String]) { names = Set(services).union([""]) }

  var isServing: Bool { state.withLock { $0.isServing } }

  /// Takes up whether the services can be used, and tells those who watch if that changed.
  func set(serving: Bool) {
    state.withLock { state in
      guard state.isServing != serving else { return }
      state.isServing = serving
      for watcher in state.watchers.values { watcher.yield(serving) }
    }
  }

  /// What is, and each change; a watcher that does not read gets the newest alone.
  func changes() -> AsyncStream<Bool> {
    AsyncStream(bufferingPolicy: .bufferingNewest(1)) { continuation in
      let id = state.withLock { state in
        state.next += 1
        state.watchers[state.next] = continuation
        continuation.yield(state.isServing)
        return state.next
      }
      continuation.onTermination = { [weak self] _ in
        self?.state.withLock { _ = $0.watchers.removeValue(forKey: id) }
      }
    }
  }
}

/// The health protocol of gRPC over a board.
struct HealthService: Grpc_Health_V1_Health.SimpleServiceProtocol {
  let board: HealthBoard

  func check(
    request: Grpc_Health_V1_HealthCheckRequest,
    context: ServerContext
  ) async throws -> Grpc_Health_V1_HealthCheckResponse {
    guard board.names.contains(request.service) else {
      throw RPCError(code: .notFound, message: "there is no service '\(request.service)' here")
    }
    return answer(board.isServing ? .serving : .notServing)
  }

  func watch(
    request: Grpc_Health_V1_HealthCheckRequest,
    response: RPCWriter<Grpc_Health_V1_HealthCheckResponse>,
    context: ServerContext
  ) async throws {
    guard board.names.contains(request.service) else {
      // The protocol keeps the stream open, should the service come; none ever comes here.
      try await response.write(answer(.serviceUnknown))
      return try await context.cancellation.cancelled
    }
    for await isServing in board.changes() {
      try await response.write(answer(isServing ? .serving : .notServing))
    }
    throw CancellationError()
  }

  private func answer(
    _ status: Grpc_Health_V1_HealthCheckResponse.ServingStatus
  ) -> Grpc_Health_V1_HealthCheckResponse {
    var answer = Grpc_Health_V1_HealthCheckResponse()
    answer.status = status
    return answer
  }
}
