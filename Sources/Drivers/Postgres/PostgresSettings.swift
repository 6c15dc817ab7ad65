/// Where a server is and how long it may take.
public struct PostgresSettings: Sendable {
  /// A connection URI as libpq takes it: `postgres://user:password@host:port/database?option=…`.
  public var url: String
  /// Shown in the server's list of sessions.
  public var applicationName: String
  /// How long making a connection may take; whole seconds, at least 2, as libpq counts them.
  public var connectTimeout: Duration = .seconds(5)
  /// How long the server may work on a statement before it gives up on it.
  public var statementTimeout: Duration = .seconds(30)
  /// How much longer than that the connection waits for an answer before it takes the network for
  /// dead.
  public var answerGrace: Duration = .seconds(5)
  /// Parameters set on every new session, by name.
  public var parameters: [String: String] = [:]

  /// Makes settings.
  public init(url: String, applicationName: String) {
    self.url = url
    self.applicationName = applicationName
  }

  /// The URL without its passwords, for messages.
  public var redactedURL: String {
    var text = ""
    var rest = url[...]
    // Up to the first `@` with no `/` before it, as libpq reads it: the password may hold a `?`.
    if let scheme = url.firstRange(of: "://"),
      let at = url[scheme.upperBound...].firstIndex(where: { $0 == "@" || $0 == "/" }),
      url[at] == "@"
    {
      let colon = url[scheme.upperBound..<at].firstIndex(of: ":")
      text = colon.map { url[...$0] + "***" } ?? String(url[..<at])
      rest = url[at...]
    }
    let parts = rest.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    text += parts[0]
    guard parts.count == 2 else { return text }
    let items = parts[1].split(separator: "&").map { item in
      let key = item.prefix { $0 != "=" }
      return key.hasSuffix("password") ? key + "=***" : item
    }
    return text + "?" + items.joined(separator: "&")
  }
}
