internal import HTTPTypes
package import Hummingbird
internal import Synchronization

extension Exchange {
  /// Buffers of a stream of bytes that may wait: they are large, and two keep both ends busy.
  private static let room = 2

  /// An answer of bytes, as `produce` hands them over.
  ///
  /// The status has been sent by then, so a failure and a drain end the connection before the
  /// answer's end: what came is then known to be cut.
  package func bytes(
    _ type: String,
    _ produce: @escaping @Sendable (Conveyor) async throws -> Void
  ) -> Response {
    let core = core
    let body = ResponseBody { writer in
      let conveyor = Conveyor(room: Self.room)
      let failure = Failure()
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          do {
            try await produce(conveyor)
          } catch {
            failure.note(error)
          }
          await conveyor.end()
        }
        group.addTask {
          while !core.isDraining, !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(250))
          }
          guard core.isDraining else { return }
          failure.note(CancellationError())
          await conveyor.end()
        }
        defer { group.cancelAll() }
        while let chunk = await conveyor.next() {
          do {
            try await writer.write(chunk)
          } catch {
            await conveyor.abandon()
            throw error
          }
        }
        await conveyor.abandon()
      }
      if let error = failure.error { throw error }
      try await writer.finish(nil)
    }
    return Response(
      status: .ok,
      headers: [.contentType: type, .cacheControl: "no-store"],
      body: body
    )
  }
}

/// Why a stream of bytes ended early.
private final class Failure: Sendable {
  private let noted = Mutex<(any Error)?>(nil)
  var error: (any Error)? { noted.withLock { $0 } }
  func note(_ error: any Error) { noted.withLock { $0 = error } }
}
