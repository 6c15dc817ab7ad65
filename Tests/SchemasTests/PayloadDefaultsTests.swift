import Foundation
import Schemas
import Testing

@Suite struct PayloadDefaultsTests {
  private static let defaults = [
    "string": "\"\"", "int64": "0", "uint64": "0", "uint32": "0", "bool": "false",
  ]

  /// The name of a member as JSON has it.
  private func name(_ text: Substring) -> String {
    let words = text.split(separator: "_")
    return words.prefix(1).joined() + words.dropFirst().map(\.capitalized).joined()
  }

  /// The messages of a schema with their members that do not know whether they are set.
  private func messages(_ path: String) throws -> [String: [String: String]] {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    let file = folder.appending(path: "../../schemas/wordweave/\(path)").standardizedFileURL
    var messages: [String: [String: String]] = [:]
    var message = ""
    for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
      let words = line.split(separator: " ")
      if words.count > 2, words[0] == "message" {
        message = String(words[1])
        messages[message] = [:]
      } else if words.count > 4, words[0] == "repeated", words[3] == "=" {
        messages[message]?[name(words[2])] = "[]"
      } else if words.count > 3, words[2] == "=", let value = Self.defaults[String(words[0])] {
        messages[message]?[name(words[1])] = value
      }
    }
    return messages
  }

  @Test func everyMemberWithoutPresenceIsNamedWithItsDefault() throws {
    let posts = try messages("posts/v1/events.proto")
    let users = try messages("users/v1/events.proto")
    for type in Payloads.types {
      let expected = try #require(posts[type] ?? users[type], "\(type)")
      #expect(Payloads.defaults(of: type) == expected, "\(type)")
    }
    let actions = try messages("events/v1/events.proto")
    for kind in AdministrativeKind.allCases {
      #expect(Payloads.defaults(of: kind.type) == actions["AdministrativeAction"])
    }
    let notes = try messages("events/v1/api.proto")
    #expect(Payloads.defaults(of: "$metadata") == notes["StreamMetadata"])
    #expect(Payloads.defaults(of: "Unknown").isEmpty)
  }
}
