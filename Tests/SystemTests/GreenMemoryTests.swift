import Foundation
import Testing

@testable import WordWeave

/// What `ops/test` remembers, with a toolchain that only counts how often it is asked to test.
@Suite struct GreenMemoryTests {
  /// A project of a few files that has the scripts of the real one.
  private struct Sandbox {
    let scratch: Scratch
    var path: String { scratch.path + "/project" }

    init() async throws {
      scratch = try Scratch()
      let root = #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 }
      let files = FileManager.default
      try files.createDirectory(atPath: path + "/.build", withIntermediateDirectories: true)
      try files.createDirectory(atPath: path + "/shared", withIntermediateDirectories: true)
      try files.copyItem(atPath: root + "/ops", toPath: path + "/ops")
      try write(".gitignore", ".build/\nbin/\nshared/\n")
      try write("Sources/Tides.swift", "let height = 1\n")
      try write("shared/posts", "one\n")
      try write(
        "bin/swift",
        """
        #!/bin/sh
        case "$1" in
        --version) echo "Swift version 6.3.1" ;;
        test)
          echo "$*" >>.build/runs
          while [ $# -gt 0 ]; do
            if [ "$1" = --xunit-output ]; then echo '<testsuite name="T" tests="7">' >"$2"; fi
            shift
          done
          [ ! -e .build/red ]
          ;;
        esac
        """
      )
      // Everything is installed, and there is room, whatever this machine looks like.
      try write("bin/dpkg-query", "#!/bin/sh\necho installed\ncat .build/packages 2>/dev/null; :\n")
      try write("bin/df", "#!/bin/sh\necho 99999\n")
      _ = try await run("chmod +x bin/* && git init --quiet .")
    }

    func write(_ name: String, _ text: String) throws {
      let folder = (path + "/" + name).split(separator: "/").dropLast().joined(separator: "/")
      try FileManager.default.createDirectory(
        atPath: "/" + folder,
        withIntermediateDirectories: true
      )
      try text.write(toFile: path + "/" + name, atomically: true, encoding: .utf8)
    }

    func remove(_ name: String) throws {
      try FileManager.default.removeItem(atPath: path + "/" + name)
    }

    func run(_ command: String, _ environment: [String] = []) async throws -> Outcome {
      let child = try Child(
        "/bin/bash",
        ["-c", "cd '\(path)' && PATH='\(path)/bin':$PATH && " + command],
        environment: environment,
        output: scratch.path + "/output"
      )
      let code = try await child.end()
      return Outcome(code: code, printed: child.printed, complaints: child.complaints)
    }

    /// Runs `ops/test` and tells whether it ran the tests.
    func tests(_ arguments: String = "", _ environment: [String] = []) async throws -> Bool {
      // Named, so that no server is started for the tests that nobody runs.
      let shared = [
        "WORDWEAVE_SHARED=" + path + "/shared", "WORDWEAVE_TEST_POSTGRES=none",
        "WORDWEAVE_TEST_UMADB=none", "WORDWEAVE_TEST_REDIS=none",
      ]
      let before = runs
      let outcome = try await run("ops/test " + arguments, shared + environment)
      let isRed = FileManager.default.fileExists(atPath: path + "/.build/red")
      #expect((outcome.code != 0) == (isRed && runs > before), "\(outcome.complaints)")
      // Runs of the stand-in, 7 tests each: the log's, its laws behind a network, all others but
      // those of whole systems, and those.
      if runs == before { #expect(outcome.printed.contains(", 28 tests")) }
      return runs > before
    }

    private var runs: Int {
      ((try? Files.text(path + "/.build/runs")) ?? "").split(separator: "\n").count
    }
  }

  @Test func aSecondRunWithoutAChangeEndsAtOnce() async throws {
    let sandbox = try await Sandbox()
    #expect(try await sandbox.tests())
    #expect(try await !sandbox.tests())
    #expect(try await sandbox.tests("--again"))
    #expect(try await sandbox.tests("", ["CI=true"]))
    #expect(try await !sandbox.tests())
  }

  @Test func whateverTheOutcomeDependsOnRunsTheTestsAgain() async throws {
    let sandbox = try await Sandbox()
    #expect(try await sandbox.tests())
    let changes: [(String, String)] = [
      ("Sources/Tides.swift", "let height = 2\n"), ("Sources/Ebb.swift", "let ebb = 0\n"),
      ("shared/posts", "one\ntwo\n"), (".build/packages", "librocksdb-dev 7.8.3-3\n"),
      ("Package.resolved", "{}\n"), ("bin/swift", try swift(of: sandbox, "6.3.2")),
    ]
    for (name, text) in changes {
      try sandbox.write(name, text)
      if name == "bin/swift" { _ = try await sandbox.run("chmod +x bin/swift") }
      #expect(try await sandbox.tests(), "\(name)")
      #expect(try await !sandbox.tests(), "\(name)")
    }
    try sandbox.remove("Sources/Ebb.swift")
    #expect(try await sandbox.tests())
    #expect(try await sandbox.tests("", ["WORDWEAVE_REQUIRE=shared"]))
  }

  @Test func aPartOfTheTestsIsNotRemembered() async throws {
    let sandbox = try await Sandbox()
    #expect(try await sandbox.tests("Tides"))
    #expect(try await sandbox.tests("-- --skip Tides"))
    #expect(try await sandbox.tests())
    #expect(try await sandbox.tests("Tides"))
    #expect(try await !sandbox.tests())
  }

  @Test func aFailedRunForgets() async throws {
    let sandbox = try await Sandbox()
    #expect(try await sandbox.tests())
    try sandbox.write(".build/red", "")
    #expect(try await sandbox.tests("Tides"))
    #expect(try await sandbox.tests())
    try sandbox.remove(".build/red")
    #expect(try await sandbox.tests())
    #expect(try await !sandbox.tests())
  }

  private func swift(of sandbox: Sandbox, _ version: String) throws -> String {
    try Files.text(sandbox.path + "/bin/swift").replacingOccurrences(of: "6.3.1", with: version)
  }
}
