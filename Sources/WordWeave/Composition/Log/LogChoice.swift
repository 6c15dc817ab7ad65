internal import EventLogRemote

/// Where the log of a process is: as `--log` names it.
enum LogChoice: Sendable, Equatable, CustomStringConvertible {
  /// In the data directory.
  case embedded
  /// In a schema of a Postgres database; any number of processes share it.
  case postgres(PostgresPlace)
  /// Behind another process's Event Service.
  case service(ServicePlace)

  /// Reads a URL.
  ///
  /// - Throws: `CommandError` for what is no log; it never shows a password.
  init(_ text: String) throws(CommandError) {
    let scheme = text.firstRange(of: "://").map { String(text[..<$0.lowerBound]) }
    switch scheme {
    case "postgres", "postgresql": self = .postgres(try PostgresPlace(text))
    case "grpc", "grpcs": self = .service(try ServicePlace(text))
    default:
      throw Self.wrong(
        scheme.map { "'\($0)://…' is no log" } ?? "it is no URL",
        "give postgres://user@host:port/database?schema=name, grpc://host:port or "
          + "grpcs://host:port, or leave --log away for the log in the data directory"
      )
    }
  }

  /// The URL without secrets.
  var description: String {
    switch self {
    case .embedded: "the data directory"
    case .postgres(let place): place.shown
    case .service(let place): place.shown
    }
  }

  fileprivate static func wrong(_ found: String, _ advice: String) -> CommandError {
    CommandError("reading --log", found: found, advice: advice, code: .usage)
  }
}

/// A log in Postgres: the database, and the schema that holds the log's tables.
struct PostgresPlace: Sendable, Equatable {
  /// The parameter that names the schema; libpq does not know it.
  private static let schemaKey = "schema"
  private static let secretKeys: Set<String> = ["password", "sslpassword"]
  /// Shorter ones occur in ordinary words.
  private static let shortestScrubbed = 4

  /// As libpq takes it, which may hold a password.
  let url: String
  let schema: String
  /// The URL without secrets, with the schema.
  let shown: String
  private let secrets: [String]

  init(_ text: String) throws(CommandError) {
    let parts = text.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    let items = parts.count == 2 ? parts[1].split(separator: "&") : []
    var kept: [Substring] = []
    var shownItems: [Substring] = []
    var schema = "wordweave"
    var secrets: [String] = []
    for item in items {
      let pair = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let value = pair.count == 2 ? String(pair[1]) : ""
      guard pair[0] != Self.schemaKey else {
        schema = value
        continue
      }
      kept.append(item)
      if Self.secretKeys.contains(String(pair[0])) {
        secrets.append(value)
      } else {
        shownItems.append(item)
      }
    }
    let (base, password) = Self.withoutPassword(parts[0])
    // A raw @ in a password makes the library take what follows for the host, and name it.
    if let password { secrets += [password] + password.split(separator: "@").map(String.init) }
    self.schema = schema
    self.secrets = secrets
    url = parts[0] + (kept.isEmpty ? "" : "?" + kept.joined(separator: "&"))
    let named = shownItems + (schema == "wordweave" ? [] : ["schema=\(schema)"])
    shown = base + (named.isEmpty ? "" : "?" + named.joined(separator: "&"))
  }

  /// The last @ counts: where a password holds one by mistake, too much is hidden, never too little.
  private static func withoutPassword(_ url: Substring) -> (base: String, password: String?) {
    guard let scheme = url.firstRange(of: "://"),
      let at = url[scheme.upperBound...].lastIndex(of: "@"),
      let colon = url[scheme.upperBound..<at].firstIndex(of: ":")
    else { return (String(url), nil) }
    return ("\(url[..<colon])\(url[at...])", String(url[url.index(after: colon)..<at]))
  }

  /// A message of the library without what it may repeat of the URL, on one line.
  func scrubbed(_ message: String) -> String {
    var text = message.replacing(url, with: shown)
    for secret in secrets where secret.utf8.count >= Self.shortestScrubbed {
      text.replace(secret, with: "***")
    }
    return text.split(whereSeparator: \.isNewline).map(\.stripped).joined(separator: " ")
  }
}

/// The Event Service of another process.
struct ServicePlace: Sendable, Equatable {
  private static let defaultPort = 50051

  let host: String
  let port: Int
  let isSecure: Bool
  let shown: String

  init(_ text: String) throws(CommandError) {
    isSecure = text.hasPrefix("grpcs://")
    var rest = text.drop { $0 != ":" }.dropFirst(3)
    if rest.hasSuffix("/") { rest.removeLast() }
    guard !rest.contains("@"), !rest.contains("/"), !rest.contains("?") else {
      throw LogChoice.wrong(
        "\(isSecure ? "grpcs" : "grpc"):// takes a host and a port alone",
        "a token is given by --log-token-file or WORDWEAVE_LOG_TOKEN"
      )
    }
    let named = String(rest)
    let hasPort = named.last != "]" && named.contains(":")
    guard
      let place = RemoteSettings.place(hasPort ? named : named + ":\(Self.defaultPort)")
    else {
      throw LogChoice.wrong("'\(named)' is no host and port", "such as grpc://127.0.0.1:50051")
    }
    (host, port) = place
    shown = text
  }
}
