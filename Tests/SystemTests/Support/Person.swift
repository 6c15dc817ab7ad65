import Gateway
import HTTPClientDriver

@testable import WordWeave

/// An account with a session, as a browser has it.
actor Person {
  let name: String
  let id: String
  private let system: Served
  private let session: String
  private let secret: String
  private var token: String
  private var renewed = ContinuousClock.now

  init(_ name: String, at system: Served) async throws {
    let body = #"{"username":"\#(name)","email":"\#(name)@example.org","password":"correct horse"}"#
    let response = try await system.send("POST", "/identity/sign-ups", body)
    let json = try response.json()
    guard let id = json["account"]?["id"]?.text, let session = json["session"]?["id"]?.text,
      let secret = json["session"]?["secret"]?.text, let token = json["token"]?.text
    else { throw Trouble("signing up answered \(response.status): \(response.text)") }
    self.name = name
    self.id = id
    self.system = system
    self.session = session
    self.secret = secret
    self.token = token
  }

  /// A token that is still good; they live for a minute.
  func currentToken() async throws -> String {
    guard ContinuousClock.now - renewed > .seconds(30) else { return token }
    let response = try await system.send(
      "POST",
      "/identity/sessions/\(session)/tokens",
      token: secret
    )
    guard let fresh = try response.json()["token"]?.text else {
      throw Trouble("renewing a token answered \(response.status): \(response.text)")
    }
    token = fresh
    renewed = .now
    return token
  }

  nonisolated func send(
    _ method: String,
    _ path: String,
    _ body: String? = nil,
    _ headers: [HTTPRequest.Header] = []
  ) async throws -> HTTPResponse {
    try await system.send(method, path, body, token: currentToken(), headers)
  }

  /// Writes a draft and answers its id.
  nonisolated func draft(_ title: String, body: String = "Words.") async throws -> String {
    let response = try await send("POST", "/v1/posts", #"{"title":"\#(title)","body":"\#(body)"}"#)
    guard response.status == 201, let id = try response.json()["id"]?.text else {
      throw Trouble("a draft answered \(response.status): \(response.text)")
    }
    return id
  }
}
