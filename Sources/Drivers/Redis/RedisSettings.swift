/// Where a Redis is and how long it may take.
public struct RedisSettings: Sendable, Equatable {
  /// A name or address.
  public let host: String
  /// The port.
  public let port: Int
  /// Who signs in; nil where a password is enough (before Redis 6, or its default user).
  public let user: String?
  /// The password, which is never part of a message; nil signs nobody in.
  public let password: String?
  /// The number of the database.
  public let database: Int
  /// How long making a connection may take; nobody waits for it but the connection's own thread.
  public var connectTimeout: Duration = .seconds(1)
  /// How long a request may take, waiting for its turn included: the most that a Redis that stopped
  /// answering costs its caller, once.
  public var commandTimeout: Duration = .milliseconds(100)

  /// The port of a URL that names none.
  public static let defaultPort = 6379

  /// Reads `redis://[[user]:password@]host[:port][/database]`.
  ///
  /// - Errors: `.malformedURL`, without the URL, which may hold a password.
  public init(url: String) throws(RedisError) {
    let scheme = "redis://"
    guard url.hasPrefix(scheme) else { throw Self.malformed("no redis:// at its beginning") }
    var rest = url.dropFirst(scheme.count)
    var database = 0
    if let slash = rest.firstIndex(of: "/") {
      let path = rest[rest.index(after: slash)...]
      rest = rest[..<slash]
      if !path.isEmpty {
        guard let number = Int(path), number >= 0 else {
          throw Self.malformed("a database that is no number")
        }
        database = number
      }
    }
    var user: String?
    var password: String?
    if let at = rest.lastIndex(of: "@") {
      let signIn = rest[..<at]
      rest = rest[rest.index(after: at)...]
      guard let colon = signIn.firstIndex(of: ":"),
        let name = Self.decoded(signIn[..<colon]),
        let secret = Self.decoded(signIn[signIn.index(after: colon)...]), !secret.isEmpty
      else { throw Self.malformed("no user:password before the @") }
      user = name.isEmpty ? nil : name
      password = secret
    }
    var port = Self.defaultPort
    // An IPv6 address stands in brackets and holds colons itself (RFC 3986, 3.2.2).
    let hostEnd = rest.lastIndex(of: "]").map { rest.index(after: $0) } ?? rest.startIndex
    if let colon = rest[hostEnd...].lastIndex(of: ":") {
      guard let number = Int(rest[rest.index(after: colon)...]), (1...65_535).contains(number)
      else { throw Self.malformed("a port that is none") }
      port = number
      rest = rest[..<colon]
    }
    if rest.hasPrefix("["), rest.hasSuffix("]") { rest = rest.dropFirst().dropLast() }
    guard !rest.isEmpty, !rest.utf8.contains(0) else { throw Self.malformed("no host") }
    host = String(rest)
    self.port = port
    self.user = user
    self.password = password
    self.database = database
  }

  /// Where it is, without who signs in: for messages.
  public var place: String { "\(host):\(port)/\(database)" }

  private static func malformed(_ found: String) -> RedisError {
    RedisError(.malformedURL, attempt: "read the URL of Redis", found: found)
  }

  /// A text whose percent signs stand for bytes (RFC 3986, 2.1).
  private static func decoded(_ text: Substring) -> String? {
    var bytes: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      guard rest.count >= 2, let digits = String(rest.prefix(2)),
        let value = UInt8(digits, radix: 16)
      else { return nil }
      bytes.append(value)
      rest = rest.dropFirst(2)
    }
    return String(validating: bytes, as: UTF8.self)
  }
}
