internal import EventLogCore
internal import EventsService
internal import Logging

/// Tells the log which tokens came and went, at the start and whenever their file changes.
struct TokenWatch: Sendable {
  /// How often the file is looked at; a change is recorded within this time.
  private static let period = Duration.seconds(1)

  let path: String
  let record: TokenRecord
  let logger: Logger

  /// Runs until cancelled.
  func run() async throws {
    var seen: FileStamp?
    var isFirst = true
    while true {
      let stamp = FileStamp(path)
      if isFirst || stamp != seen {
        do {
          try await record.update(try TokenFile.read(path).map(Self.token))
          (seen, isFirst) = (stamp, false)
        } catch {
          try Task.checkCancellation()
          // Looked at again: a file that cannot be read is told by whoever checks tokens.
          logger.warning("Tokens could not be recorded", metadata: ["error": "\(error)"])
        }
      }
      try await Task.sleep(for: Self.period)
    }
  }

  private static func token(_ entry: TokenEntry) -> TokenRecord.Token {
    TokenRecord.Token(
      id: entry.id,
      name: entry.name,
      rights: entry.rights.text,
      made: entry.made
    )
  }
}
