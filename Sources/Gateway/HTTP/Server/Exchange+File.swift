internal import HTTPTypes
package import Hummingbird

extension Exchange {
  /// An answer that is a file, as `produce` hands it over.
  ///
  /// The status has been sent by then: a failure breaks the connection off, so that nobody takes
  /// half a file for a whole one. So does a drain.
  package func file(
    _ type: String,
    name: String,
    _ produce: @escaping @Sendable (Conveyor) async throws -> Void
  ) -> Response {
    let core = core
    let body = ResponseBody { writer in
      let conveyor = Conveyor()
      try await withThrowingTaskGroup(of: Bool.self) { group in
        group.addTask {
          do {
            try await produce(conveyor)
            await conveyor.end()
            return true
          } catch {
            await conveyor.end()
            throw error
          }
        }
        group.addTask {
          while !core.isDraining, !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(250))
          }
          if core.isDraining { await conveyor.end() }
          return false
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
        // Whichever ended the file says whether it is whole.
        guard try await group.next() == true else { throw CancellationError() }
      }
      try await writer.finish(nil)
    }
    return Response(
      status: .ok,
      headers: [
        .contentType: type, .cacheControl: "no-store",
        .contentDisposition: "attachment; filename=\"\(name)\"",
      ],
      body: body
    )
  }
}
