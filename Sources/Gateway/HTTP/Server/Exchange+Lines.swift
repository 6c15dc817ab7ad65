internal import HTTPTypes
package import Hummingbird

extension Exchange {
  /// An answer of `application/x-ndjson`: one object per line, as `produce` hands them over.
  ///
  /// The status has been sent by then, so a failure becomes the last line:
  /// `{"finished": true, "error": …}`. A drain ends the answer.
  package func lines(
    _ produce: @escaping @Sendable (Conveyor) async throws -> Void
  ) -> Response {
    let core = core
    let body = ResponseBody { writer in
      let conveyor = Conveyor()
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          do {
            try await produce(conveyor)
          } catch {
            let problem = Exchange.problem(error, expectsRevision: false)
            try? await conveyor.send { writer in
              writer.object {
                $0.member("finished", true)
                $0.member("error", problem.kind.slug)
                $0.member("message", problem.detail)
              }
            }
          }
          await conveyor.end()
        }
        group.addTask {
          while !core.isDraining, !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(250))
          }
          if core.isDraining { await conveyor.end() }
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
      try await writer.finish(nil)
    }
    return Response(
      status: .ok,
      headers: [
        .contentType: "application/x-ndjson", .cacheControl: "no-store",
      ],
      body: body
    )
  }
}
