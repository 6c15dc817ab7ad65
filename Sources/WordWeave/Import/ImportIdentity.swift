internal import Crypto
internal import EventLogCore
internal import Gateway

// How an import names things. Every id follows from what is imported, so that a second run repeats
// the same commands, which the services answer from the log without a new event.
//
//   id        = first 16 bytes of SHA-256(parts joined by one zero byte each), with the version and
//               variant bits of a UUIDv8 (RFC 9562, 5.8)
//   post      = id("wordweave/post", import name, first file name[, "#2" for a later post that took
//               the name after the first one was renamed away, "#3", …])
//   command   = id("wordweave/command", import name, commit, file, step)
//   account   = "user_" + letters and digits of the key or name in lower case, at most 40
//               + first 8 hex digits of SHA-256("wordweave/user", "key" | "name", key or name)
//   sign-up   = id("wordweave/register", account)

/// The ids of one import.
struct ImportIdentity: Sendable {
  /// Keeps two blogs with equal file names apart.
  let name: String

  func post(firstFile: String, generation: Int) -> EventID {
    let file = generation > 1 ? ["\(firstFile)", "#\(generation)"] : [firstFile]
    return Self.id(["wordweave/post", name] + file)
  }

  func command(commit: String, file: String, step: String) -> EventID {
    Self.id(["wordweave/command", name, commit, file, step])
  }

  /// Accounts do not depend on the import's name: the same author may write two blogs.
  static func account(ofKey key: String) -> String { account("key", key) }
  static func account(ofName name: String) -> String { account("name", name) }
  static func registration(of account: String) -> EventID { id(["wordweave/register", account]) }

  private static let shownLetters = 40

  private static func account(_ kind: String, _ text: String) -> String {
    let letters = text.lowercased().utf8.filter {
      (0x30...0x39).contains($0) || (0x61...0x7A).contains($0)
    }
    let shown = String(decoding: letters.prefix(shownLetters), as: UTF8.self)
    return "user_" + shown + Identifier.hex(digest(["wordweave/user", kind, text]).prefix(4))
  }

  private static func id(_ parts: [String]) -> EventID {
    var bytes = Array(digest(parts).prefix(16))
    bytes[6] = bytes[6] & 0x0F | 0x80
    bytes[8] = bytes[8] & 0x3F | 0x80
    return EventID(bytes: bytes) ?? .none
  }

  private static func digest(_ parts: [String]) -> [UInt8] {
    var hash = SHA256()
    for (index, part) in parts.enumerated() {
      if index > 0 { hash.update(data: [0] as [UInt8]) }
      hash.update(data: Array(part.utf8))
    }
    return Array(hash.finalize())
  }

  /// Hex digits of the SHA-256 of a file: names a content where there is no commit.
  static func digest(of content: String) -> String { Identifier.hex(digest([content]).prefix(8)) }
}
