internal import HTTPTypes
internal import Hummingbird
package import NIOCore

extension Exchange {
  /// The whole body, after its media type and its declared size were looked at.
  ///
  /// - limit: bytes; more is 413, before reading if the client says so.
  /// - types: the media types that are taken; none takes any.
  package func body(limit: Int, types: [String]) async throws(Problem) -> ByteBuffer {
    if let text = request.headers[.contentLength], let count = Int(text), count > limit {
      throw Problem(.bodyTooLarge, "At most \(limit) bytes are taken.")
        .with(.connection, "close")
    }
    if !types.isEmpty { try checkType(types) }
    if let coding = request.headers[.contentEncoding], coding.lowercased() != "identity" {
      throw Problem(.unsupportedMediaType, "Content-Encoding is not taken.")
    }
    let seconds = GatewayLimits.bodySeconds + limit / 1024
    return try await collected(limit: limit, within: .seconds(min(seconds, 120)))
  }

  private func checkType(_ types: [String]) throws(Problem) {
    let field = request.headers[.contentType] ?? ""
    let parts = field.lowercased().split(separator: ";")
    let type = parts.first.map { String(String($0).trimmed) } ?? ""
    for parameter in parts.dropFirst() {
      let text = String(parameter).trimmed.filter { $0 != "\"" && $0 != " " }
      guard !text.hasPrefix("charset=") || text == "charset=utf-8" else {
        throw Problem(.unsupportedMediaType, "Only UTF-8 is taken.")
      }
    }
    guard types.contains(type) else {
      var problem = Problem(
        .unsupportedMediaType,
        "This route takes " + types.joined(separator: ", ") + "."
      )
      problem.headers[.accept] = types.joined(separator: ", ")
      throw problem
    }
  }

  private func collected(limit: Int, within time: Duration) async throws(Problem) -> ByteBuffer {
    let body = request.body
    do {
      return try await withThrowingTaskGroup(of: ByteBuffer?.self) { group in
        group.addTask {
          var whole = ByteBuffer()
          for try await var part in body {
            guard whole.readableBytes + part.readableBytes <= limit else {
              throw Problem(.bodyTooLarge, "At most \(limit) bytes are taken.")
                .with(.connection, "close")
            }
            if whole.readableBytes == 0 { whole = part } else { whole.writeBuffer(&part) }
          }
          return whole
        }
        group.addTask {
          try await Task.sleep(for: time)
          return nil
        }
        defer { group.cancelAll() }
        guard let first = try await group.next(), let whole = first else {
          throw Problem(.requestTimeout).with(.connection, "close")
        }
        return whole
      }
    } catch let problem as Problem {
      throw problem
    } catch {
      throw Problem(.malformedRequest, "The body ended early.").with(.connection, "close")
    }
  }

  /// The members of a JSON body.
  package mutating func members(
    limit: Int = GatewayLimits.otherBody,
    types: [String] = ["application/json"]
  ) async throws(Problem) -> RequestMembers {
    let buffer = try await body(limit: limit, types: types)
    try identify(buffer)
    return try RequestMembers(try Self.json(buffer))
  }

  /// Reads a body that must be empty or an empty object, and takes the Idempotency-Key.
  package mutating func noMembers() async throws(Problem) {
    let buffer = try await body(limit: GatewayLimits.otherBody, types: [])
    try identify(buffer)
    guard buffer.readableBytes > 0 else { return }
    try checkType(["application/json"])
    try RequestMembers(try Self.json(buffer)).finish()
  }

  /// The JSON value of a body.
  package static func json(_ buffer: ByteBuffer) throws(Problem) -> JSONValue {
    do {
      return try JSONReader.value(of: buffer.readableBytesView)
    } catch {
      throw Problem(.malformedRequest, "\(error.reason), at byte \(error.offset) of the body.")
    }
  }

  /// Takes the Idempotency-Key, if there is one; the same key may be at work only once.
  private mutating func identify(_ body: ByteBuffer) throws(Problem) {
    let fields = request.headers[values: .idempotencyKey]
    guard let field = fields.first else { return }
    guard fields.count == 1 else {
      throw Problem(.idempotencyKeyMalformed, "The key came twice.", pointer: "Idempotency-Key")
    }
    let subject = try account().subject
    let key = try IdempotencyKey(field)
    let digest = key.digest(subject: subject)
    let fingerprint = IdempotencyKey.fingerprint(
      method: request.method.rawValue,
      target: String(request.head.path ?? ""),
      body: body.readableBytesView
    )
    guard core.mark(digest) else {
      throw Problem(.idempotencyInFlight).retrying(afterSeconds: 1)
    }
    command = Command(
      id: Array(digest.prefix(16)),
      keyDigest: Identifier.hex(digest),
      fingerprint: Identifier.hex(fingerprint)
    )
    markedDigest = digest
  }

  /// What `If-Match` asks for.
  package func ifMatch(isRequired: Bool = false) throws(Problem) -> EntityTag.Condition {
    let condition = try EntityTag.ifMatch(request.headers[values: .ifMatch])
    if condition == .none, isRequired { throw Problem(.ifMatchRequired) }
    return condition
  }
}
