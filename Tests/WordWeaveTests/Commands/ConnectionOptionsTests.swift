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
}
