import ArgumentParser
import Foundation
import Testing

@testable import WordWeave

@Suite struct ConnectionOptionsTests {
  @Test func aMistypedDirectoryIsRefusedAndNotMade() async throws {
    let folder = NSTemporaryDirectory() + "wordweave-mistyped-" + UUID().uuidString
    let options = try ConnectionOptions.parse(["--data", folder])
    await #expect {
      try await options.withClient(to: .reads) { _ in }
    } throws: { error in
      (error as? CommandError)?.code == .unavailable
    }
    #expect(!FileManager.default.fileExists(atPath: folder))
  }

  /// What only looks at a log binds no directory to it; one that is bound is of use.
  @Test func aLookAtALogThatIsNamedPassesTheUsualDirectoryBy() throws {
    let folder = NSTemporaryDirectory() + "wordweave-passed-by-" + UUID().uuidString
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let log = "grpc://127.0.0.1:50051"
    let looking = try ConnectionOptions.parse(["--log", log])
    #expect(try looking.passesBy(folder, to: .reads))
    #expect(try looking.passesBy(folder, to: .writes) == false)
    let placed = try ConnectionOptions.parse(["--log", log, "--data", folder])
    #expect(try placed.passesBy(folder, to: .reads) == false)
    let usual = try ConnectionOptions.parse([])
    #expect(try usual.passesBy(folder, to: .reads) == false)
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let shown = try LogChoice(log).description
    try Data("wordweave log-source 1\n\(shown)\nid\n".utf8)
      .write(to: URL(fileURLWithPath: folder + "/log-source"))
    #expect(try looking.passesBy(folder, to: .reads) == false)
  }
}
