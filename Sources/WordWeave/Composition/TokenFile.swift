internal import Crypto
internal import EventLogCore
internal import EventsService
internal import Foundation
internal import Gateway
internal import Glibc
internal import Logging
internal import Synchronization

// The file `tokens` of a data directory, format 1: a line that says so, then one line a token with
// tabs between id, rights, SHA-256 of the token (hex), when it was made (RFC 3339) and its name.
// The tokens themselves are nowhere.

/// A token's line: everything but the token.
struct TokenEntry: Hashable, Sendable {
  let id: String
  let rights: CallRights
  /// SHA-256 of the token's text.
  let digest: [UInt8]
  let made: String
  let name: String

  init(id: String, rights: CallRights, digest: [UInt8], made: String, name: String) {
    self.id = id
    self.rights = rights
    self.digest = digest
    self.made = made
    self.name = name
  }

  init?(line: Substring) {
    let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
    guard fields.count == 5, let rights = CallRights(fields[1]), fields[2].utf8.count == 64 else {
      return nil
    }
    let hex = Array(fields[2].utf8)
    let digest = stride(from: 0, to: hex.count, by: 2).compactMap { place in
      UInt8(String(decoding: hex[place...(place + 1)], as: UTF8.self), radix: 16)
    }
    guard digest.count == 32 else { return nil }
    self.init(id: fields[0], rights: rights, digest: digest, made: fields[3], name: fields[4])
  }

  var line: String {
    "\(id)\t\(rights.text)\t\(Identifier.hex(digest))\t\(made)\t\(name)\n"
  }
}

/// Who may call the Event Service: the tokens of a file, and the operator's.
///
/// The file is read anew when it has changed, so that a token works, or works no more, with the
/// next call.
final class TokenFile: CallAuthority {
  private static let firstLine = "wordweave tokens 1"
  /// Tokens of one file; every call compares with all of them.
  static let limit = 256

  /// How soon a file that could not be read is tried again as long as it is the same.
  private static let patience = Duration.seconds(1)

  private struct Known {
    /// The writing that the entries were read from.
    var stamp: FileStamp?
    var entries: [TokenEntry] = []
    var failure: Failure?
  }

  /// Why a writing could not be read, and when that was tried last.
  private struct Failure {
    let stamp: FileStamp?
    let reason: String
    let time: ContinuousClock.Instant
  }

  private let path: String
  private let operatorDigest: [UInt8]
  private let logger: Logger
  private let known = Mutex(Known())

  init(path: String, operatorToken: String, logger: Logger) {
    self.path = path
    operatorDigest = Self.digest(operatorToken)
    self.logger = logger
  }

  func rights(of token: String) -> CallRights? {
    let digest = Self.digest(token)
    var found: CallRights? = Self.isEqual(digest, operatorDigest) ? .admin : nil
    // Every entry is compared, so that the time tells nothing of which one it was.
    for entry in entries() where Self.isEqual(digest, entry.digest) { found = entry.rights }
    return found
  }

  func name(of token: String) -> String {
    let digest = Self.digest(token)
    if Self.isEqual(digest, operatorDigest) { return "operator" }
    return entries().first { Self.isEqual(digest, $0.digest) }.map { "token:" + $0.id } ?? "token"
  }

  private func entries() -> [TokenEntry] {
    let stamp = FileStamp(path)
    return known.withLock { known in
      if stamp != known.stamp, Self.isDue(stamp, after: known.failure) { load(stamp, into: &known) }
      return known.entries
    }
  }

  private static func isDue(_ stamp: FileStamp?, after failure: Failure?) -> Bool {
    guard let failure, failure.stamp == stamp else { return true }
    return ContinuousClock.now - failure.time >= patience
  }

  /// Reads the file; the stamp is taken over with the entries only, so that a failure is no
  /// lasting one.
  private func load(_ stamp: FileStamp?, into known: inout Known) {
    do throws(DataDirectoryError) {
      known = Known(stamp: stamp, entries: try Self.read(path))
    } catch {
      let last = known.failure
      // Once for each: this is tried anew as long as calls come.
      if last?.stamp != stamp || last?.reason != error.description {
        logger.error("No token but the operator's is accepted", metadata: ["error": "\(error)"])
      }
      // What the file held before may be revoked by now.
      known = Known(
        failure: Failure(stamp: stamp, reason: error.description, time: ContinuousClock.now)
      )
    }
  }

  private static func isEqual(_ one: [UInt8], _ other: [UInt8]) -> Bool {
    guard one.count == other.count else { return false }
    var difference: UInt8 = 0
    for index in one.indices { difference |= one[index] ^ other[index] }
    return difference == 0
  }

  static func digest(_ token: String) -> [UInt8] {
    Array(SHA256.hash(data: Data(token.utf8)))
  }
}

// What the commands do.
extension TokenFile {
  /// The lines of a file; none if there is no file.
  static func read(_ path: String) throws(DataDirectoryError) -> [TokenEntry] {
    guard access(path, F_OK) == 0 else { return [] }
    let text: String
    do {
      text = try Files.text(path)
    } catch {
      let reason = (error as? CommandError)?.found ?? "\(error)"
      throw DataDirectoryError("could not read \(path): \(reason)")
    }
    let lines = text.split(separator: "\n")
    guard lines.first == firstLine[...] else {
      throw DataDirectoryError("\(path) does not begin with '\(firstLine)'")
    }
    var entries: [TokenEntry] = []
    for (number, line) in lines.enumerated().dropFirst() {
      guard let entry = TokenEntry(line: line) else {
        throw DataDirectoryError("line \(number + 1) of \(path) is no token's")
      }
      entries.append(entry)
    }
    return entries
  }

  /// Changes a file as a whole; two commands at once wait for each other.
  static func update(
    _ path: String,
    _ change: (inout [TokenEntry]) throws -> Void
  ) throws {
    let lock = open(path + ".lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard lock >= 0, flock(lock, LOCK_EX) == 0 else {
      throw DataDirectoryError("could not lock \(path): \(String(cString: strerror(errno)))")
    }
    defer { close(lock) }
    let owner = owner(of: path)
    give(lock, to: owner)
    var entries = try read(path)
    try change(&entries)
    let text = firstLine + "\n" + entries.map(\.line).joined()
    try DataDirectory.write(text, to: path, mode: 0o600) { give($0, to: owner) }
  }

  private typealias Owner = (user: uid_t, group: gid_t)

  /// Whose a file is; if there is none yet, whose the folder is that it will lie in.
  private static func owner(of path: String) -> Owner? {
    var found = stat()
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
    if stat(path, &found) != 0, stat(folder, &found) != 0 { return nil }
    return (found.st_uid, found.st_gid)
  }

  /// Gives away a file that this process made, as far as it may: what root writes, the system
  /// must be able to read.
  private static func give(_ file: Int32, to owner: Owner?) {
    var found = stat()
    // A second name of another's file is not for giving.
    guard let owner, fstat(file, &found) == 0, found.st_uid == geteuid(), found.st_nlink == 1 else {
      return
    }
    _ = fchown(file, owner.user, owner.group)
  }

  /// Makes a token and notes it; the text is told once and kept nowhere.
  static func create(
    in path: String,
    rights: CallRights,
    name: String
  ) throws -> (token: String, entry: TokenEntry) {
    let key = SymmetricKey(size: .bits256)
    let secret = key.withUnsafeBytes { Data($0).base64EncodedString() }
      .replacingOccurrences(of: "+", with: "-")
      .replacingOccurrences(of: "/", with: "_")
      .replacingOccurrences(of: "=", with: "")
    let id = String(UInt32.random(in: 0x1000_0000 ... .max), radix: 16)
    let token = "\(id).\(secret)"
    let entry = TokenEntry(
      id: id,
      rights: rights,
      digest: digest(token),
      made: "\(Timestamp.now)",
      name: name
    )
    try update(path) { entries in
      guard entries.count < limit else {
        throw DataDirectoryError("\(path) holds \(limit) tokens already: revoke some")
      }
      entries.append(entry)
    }
    return (token, entry)
  }
}
