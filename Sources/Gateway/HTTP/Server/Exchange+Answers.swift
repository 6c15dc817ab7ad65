internal import HTTPTypes
package import Hummingbird

extension Exchange {
  /// JSON with a status.
  package func json(
    _ status: HTTPResponse.Status = .ok,
    headers: HTTPFields = [:],
    capacity: Int = 512,
    _ body: (inout JSONWriter) throws(Problem) -> Void
  ) throws(Problem) -> Response {
    var writer = JSONWriter(capacity: capacity)
    try body(&writer)
    var headers = headers
    headers[.contentType] = "application/json"
    return Response(status: status, headers: headers, body: .init(byteBuffer: writer.buffer))
  }

  /// An answer without content.
  package func empty(_ status: HTTPResponse.Status = .noContent) -> Response {
    Response(status: status)
  }

  /// 304 if `If-None-Match` names the tag, else nil.
  package func notModified(_ tag: String) throws(Problem) -> Response? {
    guard try EntityTag.noneMatch(request.headers[values: .ifNoneMatch], tag: tag) else {
      return nil
    }
    return Response(status: .notModified, headers: [.eTag: tag])
  }

  /// The address of a path on the public origin.
  package func address(_ path: String) -> String { core.origin.text + path }
}
