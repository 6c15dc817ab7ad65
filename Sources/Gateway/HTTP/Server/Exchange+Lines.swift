package import GRPCCore
internal import HTTPTypes
package import Hummingbird

extension Exchange {
  /// An answer of `application/x-ndjson`: one object per line, as `produce` hands them over.
  ///
  /// The status has been sent by then, so a failure becomes the last line:
  /// `{"finished": true, "error": …}`. A drain ends the answer. Such answers are for operators.
  package func lines(
    _ produce: @escaping @Sendable (Conveyor) async throws -> Void
  ) -> Response {
    let headers: HTTPFields = [
      .contentType: "application/x-ndjson", .cacheControl: "no-store",
    ]
    let core = core
    let id = requestID
    return streaming(headers, drained: .isAnEnd) { conveyor in
      do {
        try await produce(conveyor)
      } catch {
        let problem = Exchange.problem(error, expectsRevision: false).toOperators
        core.report(problem, of: id)
        try? await conveyor.send { writer in
          writer.object {
            $0.member("finished", true)
            $0.member("error", problem.kind.slug)
            $0.member("message", problem.detail)
          }
        }
      }
    }
  }

  /// An answer of lines, one for each message of a call that tells how far it is.
  ///
  /// - call: makes the call and hands its answers to what it is given.
  package func lines<Message: Sendable>(
    of call:
      @escaping @Sendable (
        @escaping @Sendable (StreamingClientResponse<Message>) async throws -> Void
      ) async throws -> Void,
    _ write: @escaping @Sendable (inout JSONWriter, Message) -> Void
  ) -> Response {
    lines { conveyor in
      try await call { response in
        for try await message in response.messages {
          try await conveyor.send { write(&$0, message) }
        }
      }
    }
  }
}
