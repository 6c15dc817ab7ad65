internal import EventLogCore
internal import Yams

/// What the authors file says about people.
struct AuthorsFile: Sendable {
  struct Author: Sendable, Equatable {
    let key: String
    let name: String
    let about: String
  }

  /// In the file's order.
  private(set) var authors: [Author] = []

  init() {}

  /// Reads `key: {name, about}`; other members are ignored.
  init(yaml: String) throws {
    guard let mapping = try Yams.compose(yaml: yaml)?.mapping else {
      throw CommandError(
        "reading the authors file",
        found: "no mapping of author keys",
        advice: "give a YAML file of `key: {name: …, about: …}`",
        code: .usage
      )
    }
    for (key, value) in mapping {
      guard let key = key.scalar?.string else { continue }
      authors.append(
        Author(
          key: key,
          name: FrontMatter.text(value.mapping?["name"]) ?? key,
          about: FrontMatter.text(value.mapping?["about"]) ?? ""
        )
      )
    }
  }
}

/// The accounts of an import: made when first needed, in that order.
struct ImportAuthors {
  /// Who a key of the front matter means.
  struct Match {
    let userID: String
    /// What to tell when the key first appears; nil if there is nothing.
    let finding: String?
  }

  private let byKey: [String: AuthorsFile.Author]
  private let byFoldedKey: [String: AuthorsFile.Author]
  private let byName: [String: AuthorsFile.Author]
  private var known: [String: String] = [:]
  private var usernames: Set<String> = []
  private(set) var registrations: [ImportCommand] = []

  init(_ file: AuthorsFile) {
    let authors = file.authors
    byKey = Dictionary(authors.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
    byFoldedKey = Dictionary(
      authors.map { ($0.key.lowercased(), $0) },
      uniquingKeysWith: { first, _ in first }
    )
    byName = Dictionary(authors.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    // Names of listed authors are theirs, whoever comes first.
    usernames = Set(authors.map { Self.username(ofKey: $0.key).lowercased() })
  }

  /// The account of an author key.
  mutating func account(ofKey key: String, at: Timestamp) -> Match {
    if let author = byKey[key] { return Match(userID: listed(author, at: at), finding: nil) }
    let mark = "key:" + key
    if let author = byFoldedKey[key.lowercased()] {
      let isNew = known.updateValue(author.key, forKey: mark) == nil
      return Match(
        userID: listed(author, at: at),
        finding: isNew ? "'\(key)' is taken for '\(author.key)'" : nil
      )
    }
    if let userID = known[mark] { return Match(userID: userID, finding: nil) }
    let userID = ImportIdentity.account(ofKey: key)
    known[mark] = userID
    register(userID, username: Self.username(ofKey: key), name: key, about: "", at: at)
    return Match(userID: userID, finding: "the authors file does not know '\(key)'")
  }

  /// The account of a person known by a display name: of the listed author of that name, else an
  /// own one.
  mutating func account(ofName name: String, at: Timestamp) -> String {
    if let author = byName[name] { return listed(author, at: at) }
    let mark = "name:" + name
    if let userID = known[mark] { return userID }
    let userID = ImportIdentity.account(ofName: name)
    known[mark] = userID
    let slug = FileNames.slug(ofText: name)
    register(userID, username: slug.isEmpty ? "author" : slug, name: name, about: "", at: at)
    return userID
  }

  private mutating func listed(_ author: AuthorsFile.Author, at: Timestamp) -> String {
    let mark = "listed:" + author.key
    if let userID = known[mark] { return userID }
    let userID = ImportIdentity.account(ofKey: author.key)
    known[mark] = userID
    let username = Self.username(ofKey: author.key)
    usernames.remove(username.lowercased())
    register(userID, username: username, name: author.name, about: author.about, at: at)
    return userID
  }

  private mutating func register(
    _ userID: String,
    username: String,
    name: String,
    about: String,
    at: Timestamp
  ) {
    var username = username
    if !usernames.insert(username.lowercased()).inserted {
      // The last eight digits of the account's id tell equal names apart, in every run alike.
      username =
        username.cut(toCharacters: ImportLimits.usernameCharacters - 9)
        + "-" + userID.suffix(8)
      usernames.insert(username.lowercased())
    }
    let account = ImportAccount(
      userID: userID,
      username: username,
      displayName: name.cut(toCharacters: ImportLimits.displayNameCharacters),
      bio: about.cut(toBytes: ImportLimits.bioBytes)
    )
    registrations.append(
      ImportCommand(
        id: ImportIdentity.registration(of: userID),
        at: at,
        actor: userID,
        action: .registerUser(account)
      )
    )
  }

  /// The key itself where it is letters, digits, hyphens and underscores; else what is left of it.
  private static func username(ofKey key: String) -> String {
    let isPlain = key.utf8.allSatisfy { byte in
      (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
        || byte == 0x2D || byte == 0x5F
    }
    let name = isPlain ? key : FileNames.slug(ofText: key)
    return name.isEmpty ? "author" : name.cut(toCharacters: ImportLimits.usernameCharacters)
  }
}
