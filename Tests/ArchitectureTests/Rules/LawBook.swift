/// Where the laws of one contract stand.
struct LawBook: Sendable {
  let letter: Character
  /// The folder whose comments name the laws.
  let contract: String
  /// The folders of the functions.
  let functions: [String]
  /// The folder of the tests that run them.
  let tests: String
  /// Laws without a function, and why.
  var admitted: [Int: String] = [:]

  static let all = [
    LawBook(
      letter: "L",
      contract: "Sources/EventLog/Core",
      functions: ["Sources/EventLog/Conformance", "Tests/EventLogTests"],
      tests: "Tests/EventLogTests"
    ),
    LawBook(
      letter: "M",
      contract: "Sources/Messaging/Core",
      functions: ["Sources/Messaging/Conformance", "Tests/MessagingTests"],
      tests: "Tests/MessagingTests",
      admitted: [
        13: "timed retries belong to unordered handlers, and every handler is ordered so far",
        14: "the number of partitions is fixed until routing epochs can change",
        16: "dead letters are not an aggregate in the log yet",
      ]
    ),
  ]
}
