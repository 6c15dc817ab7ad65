internal import ArgumentParser
internal import Glibc
internal import UnixSignals
internal import WeaveRuntime

/// The command line `wordweave`.
@main
struct WordWeaveCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "wordweave",
    abstract: "An event-sourced content platform: every change is an event in one log.",
    discussion: """
      Start a system, put a blog into it, look at what happened:

        wordweave serve
        wordweave import revisions revisions.ndjson --authors authors.yml
        wordweave events tail
        wordweave projections list

      Commands find a running system by --url or by its data directory (--data, WORDWEAVE_DATA, else \
      ~/.local/share/wordweave). If no process serves the directory, the command opens it itself.

      Exit codes: 0 done, 1 failed or something found, 64 wrong use, 69 system not reachable, \
      130 stopped by Ctrl-C.
      """,
    version: Release.version,
    subcommands: [
      ServeCommand.self, ImportGroup.self, EventsGroup.self, ProjectionsGroup.self,
      ReplayCommand.self, ReplaysGroup.self, BackupGroup.self, RestoreCommand.self,
      ParkedGroup.self, AuditGroup.self, TokensGroup.self, BenchCommand.self,
      VersionCommand.self,
    ]
  )

  static func main() async {
    Descriptors.fillStandard()
    Heap.bound()
    do {
      let command = try parseAsRoot()
      if let serve = command as? ServeCommand {
        // The system handles signals itself: it drains before it stops.
        try await serve.run()
      } else {
        try await Interruptible.run(command)
      }
      try StandardOutput.process.check()
    } catch {
      // A lost result stopped the command, whatever the command made of that.
      if let lost = StandardOutput.process.failure { end(with: lost) }
      end(with: error)
    }
  }

  /// Says why the command failed, and ends the process.
  private static func end(with error: any Error) -> Never {
    switch error {
    case let error as CommandError:
      Console().warn("wordweave: \(error)")
      Glibc.exit(error.code.rawValue)
    case let error as DataDirectoryError:
      Console().warn("wordweave: \(error)")
      Glibc.exit(CommandError.Code.failure.rawValue)
    case is CancellationError:
      Console().warn("wordweave: stopped")
      Glibc.exit(CommandError.Code.interrupted.rawValue)
    default: exit(withError: error)
    }
  }
}

/// Runs a command so that Ctrl-C cancels it, or the loss of a result; a second Ctrl-C ends the process
/// at once.
enum Interruptible {
  static func run(_ command: sending any ParsableCommand) async throws {
    let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
    let work = Task {
      var command = command
      if var waiting = command as? any AsyncParsableCommand {
        try await waiting.run()
      } else {
        try command.run()
      }
    }
    StandardOutput.process.onFailure { work.cancel() }
    let watch = Task {
      for await _ in signals {
        work.cancel()
        signal(SIGINT, SIG_DFL)
        signal(SIGTERM, SIG_DFL)
        return
      }
    }
    defer { watch.cancel() }
    try await work.value
  }
}
