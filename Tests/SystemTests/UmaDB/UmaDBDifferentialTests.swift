import Gateway
import Testing

@testable import WordWeave

extension WholeSystem {
  /// The published client, the same calls, both servers: every answer, error and read is compared.
  @Suite(.serialized) struct UmaDBDifferentialTests {
    /// Calls of one history: a few seconds, or as many as the specification asks for.
    private static let calls = environment("WORDWEAVE_LONG") == "1" ? 100_000 : 2000

    @Test(
      .enabled(if: UmaDBPackage.isWanted, UmaDBPackage.comment),
      arguments: [20_261_122]
    )
    func randomHistoriesGiveTheSameAnswers(seed: Int) async throws {
      // In memory: the comparison is of answers, and UmaDB syncs twice for each append.
      let scratch = try Scratch(below: "/dev/shm")
      let theirs = try await UmaDBServer(in: scratch)
      // The client sends a key over TLS alone.
      let ours = try await Served(
        in: scratch,
        options: ["--only", "events", "--grpc-auth", "none"]
      )
      let announced = try JSONValue(parsing: try Files.read(ours.data + "/serve.json"))
      let port = try #require(announced["grpcPort"]?.integer)
      let outcome = try await UmaDBPackage.run(
        "differential.py",
        [
          "--umadb", theirs.url, "--wordweave", "http://127.0.0.1:\(port)", "--seed", "\(seed)",
          "--calls", "\(Self.calls)",
        ],
        in: scratch,
        within: .seconds(3000)
      )
      let summary = outcome.printed.split(separator: "\n").last.map(String.init) ?? ""
      #expect(outcome.code == 0, "\(outcome.printed)\(outcome.complaints)")
      #expect(summary.hasSuffix(" s") && summary.contains(" 0 others,"))
      #expect(try await ours.stop() == 0)
    }
  }
}
