import Glibc
import Testing

@testable import WordWeave

extension WholeSystem {
  @Suite(.serialized) struct TailTests {
    /// Neither those who followed its log nor those who still do keep a system from its end.
    @Test func aSystemEndsWhoeverFollowsItsLog() async throws {
      let scratch = try Scratch()
      let system = try await Served(in: scratch)
      let author = try await Person("ada", at: system)
      _ = try await author.draft("Followed")
      let arguments = ["events", "tail", "--after", "0", "--json", "--data", system.data]
      let leaving = try start(arguments, in: scratch)
      let staying = try start(arguments, in: scratch)
      for tail in [leaving, staying] {
        try await eventually("a tail shows what is there") { tail.printed.isEmpty ? nil : () }
      }
      kill(leaving.pid, SIGINT)
      let code = try await leaving.end(within: .seconds(20))
      #expect(code == 0, "\(leaving.complaints)")
      #expect(staying.poll() == nil, "\(staying.complaints)")
      kill(system.child.pid, SIGTERM)
      // Requests in flight would have 25 seconds; nobody is to need them.
      #expect(try await system.child.end(within: .seconds(15)) == 0, "\(system.child.complaints)")
    }
  }
}
