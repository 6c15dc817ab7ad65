internal import ArgumentParser
internal import EventsService
internal import Gateway
internal import Glibc

struct TokensGroup: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tokens",
    abstract: "Say who may call the event service.",
    discussion: """
      A token has rights: append writes events, read reads them, admin may do everything: exports, \
      removals and all else that the log records as what operators do. The file 'tokens' of the data \
      directory holds digests alone; a running system notices changes at once.

        wordweave tokens create --rights read,append --name reporting
        wordweave tokens list
        wordweave tokens revoke 5f3a9c01
      """,
    subcommands: [TokensCreateCommand.self, TokensListCommand.self, TokensRevokeCommand.self]
  )
}

/// Whose tokens are meant.
struct TokensOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The data directory (or WORDWEAVE_DATA).", valueName: "dir"))
  var data: String?

  private var directory: String { data ?? PlatformConfiguration.defaultData(environment) }

  /// The file, in a directory that exists, for a change.
  func changedFile() throws -> String {
    try DataDirectory.refuseBackup(directory)
    return try file()
  }

  /// The file, in a directory that exists.
  func file() throws(CommandError) -> String {
    let directory = directory
    guard access(directory + "/format", R_OK) == 0 else {
      throw CommandError(
        "opening the data directory \(directory)",
        found: "no readable data directory of this program",
        advice: "start the system once with 'wordweave serve', or name another with --data",
        code: .unavailable
      )
    }
    return directory + "/tokens"
  }
}

struct TokensCreateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "create",
    abstract: "Make a token; it is shown once."
  )

  @Option(help: "What it lets its bearer do: append, read, admin, with commas between.")
  var rights: String

  @Option(help: "What it is for.")
  var name = ""

  @OptionGroup var options: TokensOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard CallRights(rights) != nil else {
      throw ValidationError("--rights \(rights): give append, read or admin, with commas between")
    }
    guard name.utf8.count <= 100, name.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
      throw ValidationError("--name: at most 100 bytes, without tabs and line ends")
    }
  }

  func run() async throws {
    guard let rights = CallRights(rights) else { return }
    let made = try TokenFile.create(in: try options.changedFile(), rights: rights, name: name)
    guard output.json else { return output.console.print(made.token) }
    output.console.print(
      JSONValue.object([
        "token": .string(made.token), "id": .string(made.entry.id),
        "rights": .string(made.entry.rights.text),
      ])
    )
  }
}

struct TokensListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "Show the tokens that there are, without the tokens themselves."
  )

  @OptionGroup var options: TokensOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let entries = try TokenFile.read(try options.file())
    for entry in entries {
      guard output.json else {
        output.console.print("\(entry.id)  \(entry.rights.text)  \(entry.made)  \(entry.name)")
        continue
      }
      output.console.print(
        JSONValue.object([
          "id": .string(entry.id), "rights": .string(entry.rights.text),
          "made": .string(entry.made), "name": .string(entry.name),
        ])
      )
    }
  }
}

struct TokensRevokeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "revoke",
    abstract: "End a token; the next call that bears it is refused."
  )

  @Argument(help: "The token's id, as 'tokens list' shows it.")
  var id: String

  @OptionGroup var options: TokensOptions

  func run() async throws {
    try TokenFile.update(try options.changedFile()) { entries in
      guard let place = entries.firstIndex(where: { $0.id == id }) else {
        throw CommandError("revoking \(id)", found: "no token with this id", code: .failure)
      }
      entries.remove(at: place)
    }
  }
}
