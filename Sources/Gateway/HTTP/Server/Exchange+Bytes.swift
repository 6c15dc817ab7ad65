internal import HTTPTypes
package import Hummingbird

extension Exchange {
  /// Buffers of a stream of bytes that may wait: they are large, and two keep both ends busy.
  private static let room = 2

  /// An answer of bytes, as `produce` hands them over.
  ///
  /// A failure and a drain end the connection before the answer's end: what came is then known to be
  /// cut.
  /// - name: what a browser calls the file that it makes of them; nil for no file.
  package func bytes(
    _ type: String,
    name: String? = nil,
    _ produce: @escaping @Sendable (Conveyor) async throws -> Void
  ) -> Response {
    var headers: HTTPFields = [.contentType: type, .cacheControl: "no-store"]
    headers[.contentDisposition] = name.map { "attachment; filename=\"\($0)\"" }
    return streaming(headers, room: Self.room, drained: .breaksOff, produce)
  }
}
