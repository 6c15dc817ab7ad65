package import GRPCCore
package import Hummingbird
package import HTTPTypes
package import NIOCore

/// A refusal or failure as the client sees it (RFC 9457).
///
/// - Shape: `application/problem+json` with type, title, status, detail, instance, and `errors`
///   where members are wrong. Never a stack, an upstream's address or an upstream's text.
package struct Problem: Error, Sendable {
  /// What is wrong with one member of the request.
  package struct Member: Sendable {
    /// A JSON pointer without its first slash, or the name of a parameter or header.
    package let pointer: String
    /// For programs.
    package let code: String
    /// For people.
    package let detail: String

    /// Makes one.
    package init(_ pointer: String, _ code: String, _ detail: String) {
      self.pointer = pointer
      self.code = code
      self.detail = detail
    }
  }

  /// Which problem.
  package var kind: Kind
  /// What happened this time, for people.
  package var detail: String
  /// Wrong members.
  package var errors: [Member]
  /// Header fields besides the usual ones.
  package var headers: HTTPFields = [:]
  /// Further members as ready-made JSON.
  package var extensions: [(name: String, json: String)] = []
  /// The failure of a service that nobody expected, for the log of the process.
  package var cause: RPCError?

  /// Makes a problem.
  package init(_ kind: Kind, _ detail: String = "", errors: [Member] = []) {
    self.kind = kind
    self.detail = detail.isEmpty ? kind.summary : detail
    self.errors = errors
  }

  /// Makes a problem with one member of the request.
  package init(_ kind: Kind, _ detail: String, pointer: String) {
    self.init(kind, detail, errors: [.init(pointer, kind.slug, detail)])
  }

  /// The same with a header field more.
  package func with(_ name: HTTPField.Name, _ value: String) -> Problem {
    var copy = self
    copy.headers[name] = value
    return copy
  }

  /// Asks the client to come back after some seconds.
  package func retrying(afterSeconds seconds: Int) -> Problem {
    with(.retryAfter, String(seconds))
  }

  /// The body; `instance` is the request's id.
  package func body(instance: String) -> ByteBuffer {
    var writer = JSONWriter(capacity: 256)
    writer.object { writer in
      writer.member("type", kind.type)
      writer.member("title", kind.title)
      writer.member("status", kind.status)
      writer.member("detail", detail)
      writer.member("instance", instance)
      if !errors.isEmpty {
        writer.key("errors")
        writer.array { writer in
          for error in errors {
            writer.object {
              $0.member(
                "pointer",
                error.pointer.hasPrefix("/") ? error.pointer : "/" + error.pointer
              )
              $0.member("code", error.code)
              $0.member("detail", error.detail)
            }
          }
        }
      }
      for member in extensions {
        writer.key(member.name)
        writer.raw(member.json)
      }
    }
    return writer.buffer
  }

  /// The answer; `instance` is the request's id.
  package func response(instance: String) -> Response {
    var fields = headers
    fields[.contentType] = "application/problem+json"
    fields[.cacheControl] = "no-store"
    if kind.status == 401 {
      fields[.wwwAuthenticate] =
        kind == .unauthenticated ? "Bearer" : "Bearer error=\"invalid_token\""
    }
    return Response(
      status: .init(code: kind.status),
      headers: fields,
      body: .init(byteBuffer: body(instance: instance))
    )
  }
}
