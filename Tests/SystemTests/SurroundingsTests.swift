import Foundation
import Gateway
import HTTPClientDriver
import Testing

@testable import WordWeave

extension KilledSystem {
  @Suite(.serialized) struct SurroundingsTests {
    private func serve(_ data: String, _ more: String..., in scratch: Scratch) async throws
      -> Outcome
    {
      let child = try start(
        ["serve", "--data", data, "--port", "0", "--grpc-port", "0"] + more,
        in: scratch
      )
      let code = try await child.end(within: .seconds(30))
      return Outcome(code: code, printed: child.printed, complaints: child.complaints)
    }

    /// One sentence that says what is wrong, and nothing of the program's inside.
    private func expect(
      _ outcome: Outcome,
      _ code: Int32,
      says words: String...,
      sourceLocation: SourceLocation = #_sourceLocation
    ) {
      let text = outcome.complaints
      #expect(outcome.code == code, "\(text)", sourceLocation: sourceLocation)
      for word in words {
        #expect(text.contains(word), "\(text)", sourceLocation: sourceLocation)
      }
      let lines = text.split(separator: "\n")
      #expect(lines.count == 1, "\(text)", sourceLocation: sourceLocation)
      for inside in ["Error Domain", "errno", "Fatal", "Swift."] {
        #expect(!text.contains(inside), "\(text)", sourceLocation: sourceLocation)
      }
    }

    @Test func aDirectoryInUseNamesTheProcess() async throws {
      let scratch = try Scratch()
      let system = try await Served(in: scratch)
      let second = try await serve(system.data, in: scratch)
      expect(second, 69, says: "in use", "\(system.child.pid)", system.data)
      #expect(try await system.json("/v1/admin/log")["head"]?.integer == 0)
      #expect(try await system.stop() == 0)
    }

    @Test func aPortInUseIsSaid() async throws {
      let scratch = try Scratch()
      let system = try await Served(in: scratch)
      let port = try #require(system.url.split(separator: ":").last.map(String.init))
      let second = try await serve(scratch.path + "/other", "--port", port, in: scratch)
      expect(second, 69, says: "port \(port)", "in use")
      #expect(try await system.stop() == 0)
    }

    @Test func aDirectoryOfAnotherFormatIsLeftAlone() async throws {
      let scratch = try Scratch()
      let data = scratch.path + "/data"
      try FileManager.default.createDirectory(
        atPath: data + "/log",
        withIntermediateDirectories: true
      )
      try "wordweave data 99\n".write(toFile: data + "/format", atomically: true, encoding: .utf8)
      expect(try await serve(data, in: scratch), 69, says: "wordweave data 99", "wordweave data 1")
      #expect(try FileManager.default.contentsOfDirectory(atPath: data + "/log").isEmpty)
      try FileManager.default.removeItem(atPath: data + "/format")
      expect(try await serve(data, in: scratch), 69, says: "format")
      #expect(try FileManager.default.contentsOfDirectory(atPath: data + "/log").isEmpty)
    }

    @Test func aDirectoryThatCannotBeMadeIsSaid() async throws {
      let scratch = try Scratch()
      try "".write(toFile: scratch.path + "/file", atomically: true, encoding: .utf8)
      expect(
        try await serve(scratch.path + "/file/data", in: scratch),
        69,
        says: scratch.path + "/file/data"
      )
      // Even root may not write here.
      expect(try await serve("/proc/wordweave", in: scratch), 69, says: "/proc/wordweave")
    }

    @Test(arguments: [
      ["nothing"], ["serve", "--port", "many"], ["serve", "--port", "70000"], ["serve", "--nope"],
      ["serve", "--only", "nobody"], ["import", "revisions"], ["import", "revisions", "/nowhere"],
      ["events", "read", "--limit", "-1"], ["events", "read", "--url", "gopher://x"],
    ])
    func garbageOnTheCommandLineIsWrongUse(_ arguments: [String]) async throws {
      let scratch = try Scratch()
      let child = try start(arguments, in: scratch)
      #expect(try await child.end(within: .seconds(30)) == 64, "\(child.complaints)")
      #expect(!child.complaints.isEmpty)
      #expect(child.printed.isEmpty)
    }

    @Test func aSystemThatIsNotThereIsSaid() async throws {
      let scratch = try Scratch()
      let outcome = try await wordweave(
        "events",
        "stats",
        "--url",
        "http://127.0.0.1:1",
        in: scratch
      )
      expect(outcome, 69, says: "127.0.0.1:1", "wordweave serve")
    }

    @Test func aTornLogTailIsRefusedOrHoldsEverything() async throws {
      for cut in [1, 40, 400] {
        let scratch = try Scratch()
        let system = try await Served(in: scratch)
        let author = try await Person("ada", at: system)
        var posts: [String] = []
        for index in 0..<5 { posts.append(try await author.draft("Tides \(index)")) }
        try await system.crash()
        let backup = scratch.path + "/backup"
        try FileManager.default.copyItem(atPath: system.data, toPath: backup)
        let store = system.data + "/log/store"
        let newest = try FileManager.default.contentsOfDirectory(atPath: store)
          .filter { $0.hasSuffix(".log") }.max()
        let file = store + "/" + (try #require(newest))
        let whole = try Data(contentsOf: URL(fileURLWithPath: file))
        let size = try #require(whole.lastIndex { $0 != 0 }) + 1
        #expect(truncate(file, size - cut) == 0)
        do {
          try await system.restart()
          for post in posts {
            #expect(try await author.send("GET", "/v1/posts/" + post).status == 200)
          }
        } catch let trouble as Trouble {
          // Refusing is right: what was answered is not there any more.
          #expect(trouble.description.contains("ended with 69"), "\(trouble)")
          #expect(system.child.poll() != nil)
        }
        // From the copy that the advice asks for, everything is there.
        if system.child.poll() == nil { _ = try await system.stop() }
        try FileManager.default.removeItem(atPath: system.data)
        try FileManager.default.moveItem(atPath: backup, toPath: system.data)
        try await system.restart()
        for post in posts {
          #expect(try await author.send("GET", "/v1/posts/" + post).status == 200)
        }
        #expect(try await system.stop() == 0)
      }
    }
  }
}
