import ArgumentParser
import Synchronization
import Testing

@testable import WordWeave

/// Statistics count events by type, up to a million of them: no command asks for those to learn where
/// the log ends.
@Suite(.timeLimit(.minutes(1))) struct HeadQuestionTests {
  /// A page, a status and the end of a tail.
  private static let answer =
    #"{"head":3,"items":[],"scannedTo":3,"isEnd":true,"finished":true,"error":"forbidden","message":"No."}"#
    + "\n"

  @Test(arguments: [
    ["events", "tail"], ["replay", "--print"], ["audit", "export", "--output", "/dev/null"],
  ])
  func theHeadIsAskedForAlone(_ arguments: [String]) async throws {
    let paths = AskedPaths()
    let server = try RawServer { connection in
      guard let request = connection.request() else { return }
      let path = request.split(separator: " ").dropFirst().first.map(String.init) ?? ""
      paths.add(path)
      connection.answer(Self.answer, headers: "Connection: close\r\n")
    }
    let parsed = try WordWeaveCommand.parseAsRoot(arguments + ["--url", server.url, "--quiet"])
    var command = try #require(parsed as? any AsyncParsableCommand)
    // A tail ends with the error that it is told.
    try? await command.run()
    let asked = paths.all
    #expect(asked.first == "/v1/admin/log/status")
    #expect(asked.count == 2)
    #expect(!asked.contains("/v1/admin/log"))
  }
}

/// What was asked for, in order.
private final class AskedPaths: Sendable {
  private let paths = Mutex<[String]>([])
  var all: [String] { paths.withLock { $0 } }
  func add(_ path: String) { paths.withLock { $0.append(path) } }
}
