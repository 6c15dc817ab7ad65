/// What a token lets its bearer do; rights are independent of each other, but for `admin`.
package struct CallRights: OptionSet, Hashable, Sendable {
  package let rawValue: UInt8
  package init(rawValue: UInt8) { self.rawValue = rawValue }

  /// Writes events.
  package static let append = CallRights(rawValue: 1)
  /// Reads events, positions and marks.
  package static let read = CallRights(rawValue: 2)
  /// Everything: removal, import, administration, and what the others may.
  package static let admin = CallRights(rawValue: 4)
  /// Passes on what others asked for; the processes that share a log have it, no token does.
  package static let forward = CallRights(rawValue: 8)

  /// The names, as people write them.
  package static let names: [(name: String, right: CallRights)] = [
    ("append", .append), ("read", .read), ("admin", .admin),
  ]

  /// Reads names with commas between; nil if one is not known or there is none.
  package init?(_ text: String) {
    self = []
    for word in text.split(separator: ",") {
      guard let found = Self.names.first(where: { $0.name == word }) else { return nil }
      insert(found.right)
    }
    if isEmpty { return nil }
  }

  /// The names with commas between.
  package var text: String {
    self == .forward
      ? "forward" : Self.names.filter { contains($0.right) }.map(\.name).joined(separator: ",")
  }

  /// Whether these rights include `other`; `admin` includes all.
  package func allow(_ other: CallRights) -> Bool { contains(.admin) || contains(other) }
}

/// Who knows the tokens.
package protocol CallAuthority: Sendable {
  /// The rights of a token's bearer; nil for a token that is not known.
  func rights(of token: String) -> CallRights?
  /// Who bears a known token, as the log names it: never the token itself.
  func name(of token: String) -> String
}

extension CallAuthority {
  /// For authorities that tell their bearers not apart.
  package func name(of token: String) -> String { "token" }
}
