internal import HTTPTypes
internal import Hummingbird
internal import Synchronization

/// What an answer that comes bit by bit is when it ends before its maker did.
enum EarlyEnd: Sendable {
  /// What came is the answer: whoever reads it knows its end by its content.
  case isAnEnd
  /// The connection breaks off, so that nobody takes a part for the whole.
  case breaksOff
}

extension Exchange {
  /// How often is looked whether the gateway drains.
  private static let drainPace = Duration.milliseconds(250)

  /// An answer whose body `produce` hands over.
  ///
  /// The status has been sent by then: what `produce` throws breaks the connection off.
  /// - room: buffers that may wait.
  /// - drained: what a drain of the gateway makes of the answer.
  func streaming(
    _ headers: HTTPFields,
    room: Int = Conveyor.room,
    drained: EarlyEnd,
    _ produce: @escaping @Sendable (Conveyor) async throws -> Void
  ) -> Response {
    let core = core
    let body = ResponseBody { writer in
      let conveyor = Conveyor(room: room)
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
            try? await Task.sleep(for: Self.drainPace)
          }
          guard core.isDraining else { return }
          if drained == .breaksOff { failure.note(CancellationError()) }
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
    return Response(status: .ok, headers: headers, body: body)
  }
}

/// Why an answer ended early.
private final class Failure: Sendable {
  private let noted = Mutex<(any Error)?>(nil)
  var error: (any Error)? { noted.withLock { $0 } }
  func note(_ error: any Error) { noted.withLock { $0 = error } }
}
