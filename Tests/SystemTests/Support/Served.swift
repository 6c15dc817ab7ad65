import Gateway
import Glibc
import HTTPClientDriver
import Synchronization

@testable import WordWeave

/// A system that serves a data directory; it can be killed and started again at the same address.
final class Served: Sendable {
  let scratch: Scratch
  let data: String
  let http: HTTPClient
  private struct Running {
    let child: Child
    let url: String
  }
  private let running: Mutex<Running>
  private let options: [String]

  /// Starts `wordweave serve` and waits until it is ready.
  ///
  /// - data: the data directory; nil makes a fresh one.
  init(in scratch: Scratch, data: String? = nil, options: [String] = []) async throws {
    self.scratch = scratch
    self.data = data ?? scratch.path + "/data"
    self.options = options
    http = try HTTPClient(name: "ww-system-test")
    running = Mutex(
      try await Self.begin(self.data, port: 0, options, http, output: scratch.path + "/serve")
    )
  }

  deinit { http.shutdown() }

  var child: Child { running.withLock { $0.child } }
  var url: String { running.withLock { $0.url } }
  var operatorToken: String { ServedDirectory.token(in: data) ?? "" }

  /// Kills it without warning.
  func crash() async throws { try await child.crash() }

  /// Starts it again; tokens name the address, so it stays the same.
  func restart() async throws {
    let port = url.split(separator: ":").last.flatMap { Int($0) } ?? 0
    let fresh = try await Self.begin(
      data,
      port: port,
      options,
      http,
      output: scratch.path + "/serve"
    )
    running.withLock { $0 = fresh }
  }

  /// Asks it to stop, and answers its exit code.
  func stop() async throws -> Int32 {
    kill(child.pid, SIGTERM)
    return try await child.end()
  }

  private static func begin(
    _ data: String,
    port: Int,
    _ options: [String],
    _ http: HTTPClient,
    output: String
  ) async throws -> Running {
    let arguments = [
      "serve", "--data", data, "--port", "\(port)", "--webhook-port", "0", "--grpc-port", "0",
    ]
    let child = try Child(Child.wordweave, arguments + options, output: output)
    let url = try await eventually("the system announces its address") { () -> String? in
      if let code = child.poll() {
        throw Trouble("serve ended with \(code): \(child.complaints)")
      }
      // A killed process leaves its announcement behind.
      guard let bytes = try? Files.read(data + "/serve.json"),
        let json = try? JSONValue(parsing: bytes), json["pid"]?.integer == Int64(child.pid)
      else { return nil }
      return json["url"]?.text
    }
    try await eventually("the system is ready") {
      (try? await http.send(HTTPRequest("GET", url + "/readyz")))?.status == 200 ? () : nil
    }
    return Running(child: child, url: url)
  }

  // MARK: Asking

  /// Sends a request, as the operator unless told otherwise.
  func send(
    _ method: String,
    _ path: String,
    _ body: String? = nil,
    token: String? = nil,
    _ headers: [HTTPRequest.Header] = []
  ) async throws -> HTTPResponse {
    try await send(method, path, bytes: body.map { Array($0.utf8) }, token: token, headers)
  }

  func send(
    _ method: String,
    _ path: String,
    bytes: [UInt8]?,
    token: String?,
    _ headers: [HTTPRequest.Header] = []
  ) async throws -> HTTPResponse {
    var all = headers
    if bytes != nil, !headers.contains(where: { $0.name == "Content-Type" }) {
      all.append(("Content-Type", "application/json"))
    }
    if let token { all.append(("Authorization", "Bearer \(token)")) }
    return try await http.send(HTTPRequest(method, url + path, headers: all, body: bytes))
  }

  /// Asks for JSON as the operator and takes nothing but 200.
  func json(_ path: String, _ method: String = "GET") async throws -> JSONValue {
    let body = method == "GET" ? nil : ""
    let response = try await send(method, path, body, token: operatorToken)
    guard response.status == 200 else {
      throw Trouble("\(method) \(path) answered \(response.status): \(response.text)")
    }
    return try JSONValue(parsing: response.body)
  }

  /// Starts long work as the operator.
  func lines(_ path: String) async throws -> HTTPStream {
    try await http.stream(
      HTTPRequest(
        "POST",
        url + path,
        headers: [("Authorization", "Bearer \(operatorToken)")],
        body: [],
        totalTimeout: nil
      )
    )
  }

  /// Position of the newest event.
  func head() async throws -> Int64 { try await json("/v1/admin/log")["head"]?.integer ?? -1 }

  /// Every event of the log.
  func events(after: Int64 = 0) async throws -> [JSONValue] {
    var found: [JSONValue] = []
    var after = after
    while true {
      let page = try await json("/v1/admin/events?after=\(after)&limit=500")
      let items = page["items"]?.items ?? []
      found += items
      after = items.last?["position"]?.integer ?? after
      if items.isEmpty || page["isEnd"]?.flag == true { return found }
    }
  }

  /// Every published post of the lists, following their cursors, without bodies.
  func walk(limit: Int = 50) async throws -> [JSONValue] {
    var found: [JSONValue] = []
    var cursor = ""
    while true {
      let response = try await send("GET", "/v1/posts?limit=\(limit)\(cursor)")
      guard response.status == 200 else {
        throw Trouble("the list answered \(response.status): \(response.text)")
      }
      let page = try JSONValue(parsing: response.body)
      found += page["items"]?.items ?? []
      guard let next = page["next"]?.text else { return found }
      cursor = "&cursor=" + Query.encoded(next)
    }
  }
}

extension HTTPResponse {
  /// The body as JSON.
  func json() throws -> JSONValue { try JSONValue(parsing: body) }

  /// The kind of problem that it tells; nil if it tells none.
  var problem: String? {
    guard head["Content-Type"]?.hasPrefix("application/problem+json") == true else { return nil }
    return (try? json()["type"]?.text)?.flatMap { $0.split(separator: "/").last.map(String.init) }
  }

  /// The position that it reflects.
  var position: Int64? {
    head["WordWeave-Position"].flatMap { $0.split(separator: ".").last }.flatMap { Int64($0) }
  }
}
