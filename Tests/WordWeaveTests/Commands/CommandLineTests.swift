import ArgumentParser
import RedisDriver
import Testing

@testable import WordWeave

@Suite struct CommandLineTests {
  private func parse<C: ParsableCommand>(_ type: C.Type, _ arguments: String...) throws -> C {
    try #require(try WordWeaveCommand.parseAsRoot(arguments) as? C)
  }

  @Test func everyCommandIsReached() throws {
    _ = try parse(ServeCommand.self, "serve", "--port", "9")
    _ = try parse(ImportRevisionsCommand.self, "import", "revisions", "f", "--authors", "a")
    _ = try parse(ImportMarkdownCommand.self, "import", "markdown", "d", "--dry-run")
    _ = try parse(
      EventsReadCommand.self,
      "events",
      "read",
      "--type",
      "A",
      "--type",
      "B",
      "--tag",
      "t"
    )
    _ = try parse(EventsTailCommand.self, "events", "tail", "--after", "3")
    _ = try parse(EventsStatsCommand.self, "events", "stats", "--json")
    _ = try parse(EventsVerifyCommand.self, "events", "verify", "-q")
    let export = try parse(EventsExportCommand.self, "events", "export", "--format", "ndjson", "f")
    #expect(export.format == .ndjson && export.file == "f")
    #expect(try parse(EventsExportCommand.self, "events", "export").file == "-")
    _ = try parse(
      EventsImportCommand.self,
      "events",
      "import",
      "f",
      "--log",
      "postgres://h/d?schema=s"
    )
    _ = try parse(EventsStatusCommand.self, "events", "status")
    _ = try parse(EventsCompactCommand.self, "events", "compact")
    _ = try parse(BackupCreateCommand.self, "backup", "create", "d")
    _ = try parse(BackupVerifyCommand.self, "backup", "verify", "d")
    _ = try parse(RestoreCommand.self, "restore", "d", "--data", "n")
    _ = try parse(ReplaysListCommand.self, "replays", "list")
    _ = try parse(ReplaysFollowCommand.self, "replays", "follow", "id")
    _ = try parse(ReplaysCancelCommand.self, "replays", "cancel", "id")
    _ = try parse(ProjectionsListCommand.self, "projections", "list")
    _ = try parse(ProjectionStatusCommand.self, "projections", "status", "posts")
    let rebuild = try parse(
      ProjectionRebuildCommand.self,
      "projections",
      "rebuild",
      "posts/posts",
      "--no-cut-over"
    )
    #expect(!rebuild.cutOver)
    #expect(rebuild.comparison)
    let blind = try parse(
      ProjectionRebuildCommand.self,
      "projections",
      "rebuild",
      "posts/posts",
      "--no-comparison"
    )
    #expect(!blind.comparison)
    _ = try parse(ProjectionRollBackCommand.self, "projections", "rollback", "posts")
    _ = try parse(ProjectionCompareCommand.self, "projections", "compare", "posts")
    _ = try parse(ProjectionCutOverCommand.self, "projections", "cut-over", "posts")
    _ = try parse(ProjectionCancelCommand.self, "projections", "cancel", "posts")
    _ = try parse(ReplayCommand.self, "replay", "--after", "1", "--through", "2", "--print")
    _ = try parse(ParkedListCommand.self, "parked", "list")
    _ = try parse(ParkedRedriveCommand.self, "parked", "redrive", "posts/posts", "--stream", "s")
    _ = try parse(BenchCommand.self, "bench", "--clients", "2")
    _ = try parse(VersionCommand.self, "version")
  }

  @Test(arguments: [
    ["replay", "--after", "5", "--through", "4"], ["replay", "--print", "--projection", "x"],
    ["events", "read", "--limit", "-1"], ["bench", "--clients", "0"], ["nothing"],
    ["import", "revisions"], ["events", "import"], ["events", "export", "--format", "xml"],
    ["events", "verify", "--log", "http://x"], ["restore", "d"], ["backup", "create"],
    ["backup", "create", "d", "--log", "postgres://h/d"],
    ["events", "export", "--log", "postgres://h/d", "--data", "d"],
    ["replay", "--detach"], ["replay", "--rate", "5"],
    ["replay", "--projection", "p", "--rate", "0"],
  ])
  func wrongUseIsExitCode64(_ arguments: [String]) {
    #expect {
      _ = try WordWeaveCommand.parseAsRoot(arguments)
    } throws: { error in
      WordWeaveCommand.exitCode(for: error).rawValue == CommandError.Code.usage.rawValue
    }
  }

  @Test func aRedisIsNamedByOptionOrEnvironmentAndItsPasswordIsNotRepeated() throws {
    #expect(try ServeCommand.parse([]).configuration { _ in nil }.redis == nil)
    let environment = ["WORDWEAVE_REDIS": "redis://there:1/2", "WORDWEAVE_DATA": "/nowhere"]
    let told = try ServeCommand.parse([]).configuration { environment[$0] }
    #expect(told.redis?.place == "there:1/2")
    let named = try ServeCommand.parse(["--redis", "redis://:pw@here"])
      .configuration { environment[$0] }
    #expect(named.redis?.place == "here:6379/0")
    #expect(named.redis?.password == "pw")
    #expect {
      _ = try ServeCommand.parse(["--redis", "redis://u:hidden@here:x"]).configuration { _ in nil }
    } throws: { error in
      let error = error as? CommandError
      return error?.code == .usage && error?.description.contains("hidden") == false
    }
  }

  @Test func aSecretForSnapshotsHasALeastLength() throws {
    func configuration(_ characters: Int) throws -> PlatformConfiguration {
      let secret = String(repeating: "s", count: characters)
      return try ServeCommand.parse([]).configuration {
        $0 == "WORDWEAVE_REDIS_SECRET" ? secret : nil
      }
    }
    #expect(try configuration(SharedSnapshots.secretBytes).redisSecret?.utf8.count == 32)
    #expect(throws: CommandError.self) { try configuration(SharedSnapshots.secretBytes - 1) }
  }

  @Test func anOptionWinsOverTheEnvironment() throws {
    let environment = [
      "WORDWEAVE_URL": "http://elsewhere:1", "WORDWEAVE_TOKEN": "t", "WORDWEAVE_DATA": "/nowhere",
    ]
    let named = try ConnectionOptions.parse(["--url", "http://here:2/"])
    #expect(
      try named.target { environment[$0] }
        == .running(SystemAddress(url: "http://here:2", token: "t"))
    )
    let silent = try ConnectionOptions.parse([])
    #expect(
      try silent.target { environment[$0] }
        == .running(SystemAddress(url: "http://elsewhere:1", token: "t"))
    )
    let folder = try ConnectionOptions.parse(["--data", "/nowhere/else"])
    #expect(try folder.target { environment[$0] } == .stopped(directory: "/nowhere/else"))
  }

  @Test func aRunningSystemIsGivenNoLog() throws {
    let log = ["--log", "postgres://u:hidden@h/d"]
    for (arguments, environment) in [
      (["--url", "http://here:1"], [:]), ([], ["WORDWEAVE_URL": "http://here:1"]),
    ] as [([String], [String: String])] {
      let options = try ConnectionOptions.parse(arguments + log)
      #expect {
        _ = try options.target { environment[$0] }
      } throws: { error in
        let error = error as? CommandError
        return error?.code == .usage && error?.description.contains("http://here:1") == true
          && error?.description.contains("hidden") == false
      }
    }
    let stopped = try ConnectionOptions.parse(["--data", "/nowhere"] + log)
    #expect(try stopped.target { _ in nil } == .stopped(directory: "/nowhere"))
  }

  @Test func anAddressMustBeHTTP() throws {
    let options = try ConnectionOptions.parse(["--url", "ftp://x"])
    #expect(throws: CommandError.self) { try options.target { _ in nil } }
  }

  @Test func serveTakesOptionsThenEnvironmentThenDefaults() throws {
    let environment = [
      "WORDWEAVE_PORT": "9000", "WORDWEAVE_HOST": "0.0.0.0", "WORDWEAVE_DATA": "/d",
    ]
    let serve = try parse(ServeCommand.self, "serve", "--port", "9001")
    let configuration = try serve.configuration { environment[$0] }
    #expect(configuration.port == 9001)
    #expect(configuration.host == "0.0.0.0")
    #expect(configuration.data == "/d")
    #expect(configuration.webhookPort == 8081)
    // Without a certificate, tokens stay on this machine.
    #expect(configuration.grpcHost == "127.0.0.1")
    #expect(throws: CommandError.self) {
      try parse(ServeCommand.self, "serve", "--only", "events").configuration { environment[$0] }
    }
    let plain = try parse(ServeCommand.self, "serve")
    #expect(throws: CommandError.self) {
      try plain.configuration { $0 == "WORDWEAVE_PORT" ? "many" : nil }
    }
  }

  @Test func aProjectionIsFoundByItsNameAlone() {
    let names = ["posts/posts", "users/users", "posts/tags", "users/tags"]
    #expect(ProjectionName.matches("users", in: names) == ["users/users"])
    #expect(ProjectionName.matches("posts/tags", in: names) == ["posts/tags"])
    #expect(ProjectionName.matches("tags", in: names).count == 2)
    #expect(ProjectionName.matches("no", in: names).isEmpty)
  }
}
