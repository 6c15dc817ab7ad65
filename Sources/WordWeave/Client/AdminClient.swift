internal import Gateway
internal import HTTPClientDriver

/// The gateway's HTTP API, as an operator uses it.
struct AdminClient: Sendable {
  private static let connectTimeout = Duration.seconds(5)
  /// Answers that are not streams come within this, however busy the system is.
  private static let answerTimeout = Duration.seconds(60)

  let address: SystemAddress
  private let http: HTTPClient

  init(_ address: SystemAddress) throws {
    self.address = address
    http = try HTTPClient(name: "ww-cli-http")
  }

  /// Asks for a JSON answer.
  func get(_ path: String, _ query: Query = Query()) async throws -> JSONValue {
    try await json(request("GET", path + query.text, accept: "application/json"))
  }

  /// Where the log ends; by the status, for which no event is read.
  func head() async throws -> Int64? {
    try await get("/v1/admin/log/status")["head"]?.integer
  }

  /// Sends a command that answers JSON, or nothing.
  func post(_ path: String, _ query: Query = Query(), body: JSONValue? = nil) async throws
    -> JSONValue
  {
    var request = request("POST", path + query.text, accept: "application/json")
    if let body {
      request.headers.append(("Content-Type", "application/json"))
      request.body = body.bytes
    } else {
      request.body = []
    }
    return try await json(request)
  }

  /// Asks, and answers nil where there is nothing (404, 410).
  func find(_ path: String) async throws -> JSONValue? {
    let response = try await send(request("GET", path, accept: "application/json"))
    if response.status == 404 || response.status == 410 { return nil }
    // A former address leads on to the present one.
    if response.status == 308, let place = response.head["Location"] {
      return try await json(request("GET", Self.path(of: place), accept: "application/json"))
    }
    try check(response.head, path, body: response.body)
    return try parse(response.body, from: path)
  }

  /// Sends a request whose answer comes in lines of JSON.
  func lines(
    _ method: String,
    _ path: String,
    _ query: Query = Query(),
    body: [UInt8]? = nil,
    type: String = "application/x-ndjson"
  ) async throws -> JSONLines {
    var request = request(method, path + query.text, accept: "application/x-ndjson")
    request.totalTimeout = nil
    if method == "POST" {
      request.headers.append(("Content-Type", type))
      request.body = body ?? []
    }
    let stream: HTTPStream
    do {
      stream = try await http.stream(request)
    } catch {
      throw unreachable(error, path)
    }
    if stream.head.status >= 400 {
      try check(stream.head, path, body: (try? await stream.rest()) ?? [])
    }
    return JSONLines(stream, attempted: "reading the answer of \(path)")
  }

  /// Sends a JSON body whose answer comes in lines of JSON.
  func lines(_ method: String, _ path: String, json body: JSONValue) async throws -> JSONLines {
    try await lines(method, path, body: body.bytes, type: "application/json")
  }

  /// Asks for a file, which may be of any size and is read as it comes.
  func file(_ path: String, _ query: Query = Query()) async throws -> HTTPStream {
    var request = request("GET", path + query.text, accept: "*/*")
    request.totalTimeout = nil
    let stream: HTTPStream
    do {
      stream = try await http.stream(request)
    } catch {
      throw unreachable(error, path)
    }
    if stream.head.status >= 300 {
      try check(stream.head, path, body: (try? await stream.rest()) ?? [])
    }
    return stream
  }

  /// What ended a file early, in the operator's words.
  func brokenOff(_ error: any Error, _ attempted: String) -> any Error {
    guard let error = error as? HTTPClientError else { return error }
    if error.code == .cancelled { return CancellationError() }
    return CommandError(
      attempted,
      found: error.message,
      advice: "look whether the system still runs, then run the command again",
      code: .unavailable
    )
  }

  /// Sends bytes with a command that answers JSON.
  func post(_ path: String, bytes: [UInt8]) async throws -> JSONValue {
    var request = request("POST", path, accept: "application/json")
    request.headers.append(("Content-Type", "application/octet-stream"))
    request.body = bytes
    return try await json(request)
  }

  /// Sends a request as it is; for measuring.
  func send(_ request: HTTPRequest) async throws -> HTTPResponse {
    do {
      return try await http.send(request)
    } catch {
      throw unreachable(error, request.url)
    }
  }

  func request(_ method: String, _ path: String, accept: String) -> HTTPRequest {
    var headers: [HTTPRequest.Header] = [("Accept", accept)]
    if let token = address.token { headers.append(("Authorization", "Bearer \(token)")) }
    return HTTPRequest(
      method,
      address.url + path,
      headers: headers,
      connectTimeout: Self.connectTimeout,
      totalTimeout: Self.answerTimeout,
      maximumBody: HTTPClientLimits.bodyBytes
    )
  }

  private func json(_ request: HTTPRequest) async throws -> JSONValue {
    let response = try await send(request)
    try check(response.head, request.url, body: response.body)
    return response.body.isEmpty ? .null : try parse(response.body, from: request.url)
  }

  private func parse(_ body: [UInt8], from path: String) throws -> JSONValue {
    do {
      return try JSONValue(parsing: body)
    } catch {
      throw CommandError(
        "reading the answer of \(path)",
        found: "no JSON (\(error))",
        advice: "check that \(address.url) is a WordWeave gateway"
      )
    }
  }

  private func check(_ head: HTTPHead, _ path: String, body: [UInt8]) throws {
    guard head.status >= 300 else { return }
    throw Self.error(status: head.status, path: Self.path(of: path), body: body)
  }

  /// Turns a problem (RFC 9457) into what the operator reads.
  static func error(status: Int, path: String, body: [UInt8]) -> CommandError {
    let problem = try? JSONValue(parsing: body)
    var found = "\(status)"
    if let title = problem?["title"]?.text { found += " \(title)" }
    let detail = problem?["detail"]?.text
    if let detail { found += ": \(detail)" }
    for member in problem?["errors"]?.items ?? [] {
      guard let told = member["detail"]?.text, told != detail else { continue }
      found += " \(member["pointer"]?.text ?? ""): \(told)"
    }
    if let id = problem?["instance"]?.text { found += " (request \(id))" }
    return CommandError(
      "asking \(path.prefix { $0 != "?" })",
      found: found,
      advice: advice(about: status, of: path),
      code: [502, 503, 504].contains(status) ? .unavailable : .failure
    )
  }

  /// What the audit tells of; what is missing there is no projection.
  private static let audited = ["/v1/admin/events/", "/v1/admin/streams/"]

  /// What an operator can do about an answer of this status to what was asked of `path`.
  static func advice(about status: Int, of path: String = "") -> String? {
    switch status {
    case 401, 403:
      "give the operator token by --token-file, WORDWEAVE_TOKEN or --data of the served directory"
    case 404 where audited.contains(where: { path.hasPrefix($0) }):
      "`wordweave audit search` shows what there is"
    case 404: "check the name; `wordweave projections list` and `events stats` show what there is"
    case 502, 503, 504: "wait a moment and try again"
    default: nil
    }
  }

  private static func path(of url: String) -> String {
    guard url.hasPrefix("http") else { return url }
    let rest = url.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: true).last ?? ""
    return "/" + rest.drop { $0 != "/" }.dropFirst()
  }

  private func unreachable(_ error: HTTPClientError, _ path: String) -> any Error {
    if error.code == .cancelled { return CancellationError() }
    return CommandError(
      "reaching \(address.url)",
      found: error.message,
      advice: "check the address, or start the system with `wordweave serve`",
      code: .unavailable
    )
  }
}

/// A query that is encoded as it grows (RFC 3986, 2.3: unreserved characters stay).
struct Query: Sendable {
  private(set) var text = ""

  mutating func add(_ name: String, _ value: (some CustomStringConvertible)?) {
    guard let value else { return }
    text += (text.isEmpty ? "?" : "&") + name + "=" + Self.encoded(value.description)
  }

  static func encoded(_ text: String) -> String {
    var out = ""
    for byte in text.utf8 {
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E:
        out.unicodeScalars.append(Unicode.Scalar(byte))
      default:
        let digits = String(byte, radix: 16, uppercase: true)
        out += digits.utf8.count == 1 ? "%0" + digits : "%" + digits
      }
    }
    return out
  }
}

/// The lines of an answer, each a JSON value.
struct JSONLines {
  private var lines: HTTPLines
  private let attempted: String

  init(_ stream: HTTPStream, attempted: String) {
    self.attempted = attempted
    lines = stream.lines()
  }

  /// Waits for the next value; nil is the end.
  mutating func next() async throws -> JSONValue? {
    do {
      guard let line = try await lines.next() else { return nil }
      return try JSONValue(parsing: line)
    } catch let error as HTTPClientError {
      if error.code == .cancelled { throw CancellationError() }
      throw CommandError(
        attempted,
        found: error.message,
        advice: "look whether the system still runs, then run the command again",
        code: .unavailable
      )
    } catch let error as JSONFault {
      throw CommandError(attempted, found: "a line that is no JSON (\(error))")
    }
  }
}
