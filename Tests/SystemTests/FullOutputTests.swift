import Foundation
import Testing

@testable import WordWeave

extension KilledSystem {
  /// Results that nobody takes.
  @Suite(.serialized) struct FullOutputTests {
    @Test func aResultThatIsNotTakenFailsTheCommand() async throws {
      guard access("/dev/full", W_OK) == 0 else { try Test.cancel("there is no /dev/full") }
      let scratch = try Scratch()
      let system = try await Served(in: scratch)
      let author = try await Person("ada", at: system)
      for index in 0..<3 { _ = try await author.draft("Tides \(index)") }
      for arguments in [
        ["events", "read", "--limit", "0", "--json"], ["events", "stats"],
        ["events", "export", "--format", "ndjson"],
        // It would never end by itself.
        ["events", "tail", "--after", "0", "--json"],
        ["tokens", "create", "--rights", "read"], ["tokens", "list"],
      ] {
        let child = try start(
          arguments + ["--data", system.data],
          in: scratch,
          printingTo: "/dev/full"
        )
        let code = try await child.end(within: .seconds(60))
        #expect(code == 1, "\(arguments): \(child.complaints)")
        let complaints = child.complaints.split(separator: "\n")
        #expect(
          complaints == ["wordweave: writing standard output: No space left on device"],
          "\(arguments)"
        )
      }
      #expect(try await system.stop() == 0)
    }
  }
}
