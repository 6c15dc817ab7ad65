internal import ArgumentParser
internal import EventLogCore
internal import EventsService
internal import Foundation
internal import Gateway

struct BackupGroup: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backup",
    abstract: "Make and check backups; `wordweave restore` makes a system of one.",
    discussion: """
      A backup is a folder with the log, the accounts of the identity stand-in and the tokens of the \
      event service. Read models are left out: they are rebuilt. The operator token is left out: a \
      restored system gets a new one.

        wordweave backup create /backups/monday
        wordweave backup verify /backups/monday
        wordweave restore /backups/monday --data ./restored

      A log in Postgres is backed up with `wordweave events export`, and restored with `events \
      import` into an empty schema; the rest of the server with its own tools (pg_dump).
      """,
    subcommands: [BackupCreateCommand.self, BackupVerifyCommand.self]
  )
}

struct BackupCreateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "create",
    abstract: "Make a backup, of a running system or of a stopped one.",
    discussion: """
      The system goes on meanwhile. The backup holds everything that was answered before the command \
      began. DIR is on the machine of the system and must not exist; on the same file system it \
      shares the log's files and takes seconds, on another they are copied.
      """
  )

  @Argument(help: "The folder of the backup.")
  var directory: String

  @OptionGroup var connection: ConnectionOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard connection.log == nil else {
      throw ValidationError(
        "--log names no data directory; a log in Postgres is backed up with "
          + "'wordweave events export --log URL FILE'"
      )
    }
  }

  func run() async throws {
    let console = output.console
    let path = Paths.absolute(directory)
    let made: JSONValue
    switch try connection.target(environment) {
    case .running(let address):
      let client = try AdminClient(address)
      let body: JSONValue = ["path": .string(path)]
      made = try await LongWork(
        label: "Backing up",
        console: console,
        whenStopped: "nothing is left of the backup"
      ).follow(try await client.lines("POST", "/v1/admin/log/backups", json: body))
    case .stopped(let data): made = try await make(path, of: data, console)
    }
    if console.isJSON { return console.print(made) }
    let size = Figures.bytes(made["total"]?.integer ?? 0)
    console.print(
      "\(path): \(Figures.count(made["head"]?.integer ?? 0)) events, "
        + "\(Figures.count(made["files"]?.integer ?? 0)) files, \(size)"
    )
  }

  private func make(
    _ path: String,
    of data: String,
    _ console: Console
  ) async throws -> JSONValue {
    try await StoppedLog.lend(data, to: .reads) { log, directory in
      let reached = Reached()
      let state = try await LocalWork.follow(reached, label: "Backing up", on: console) {
        try await BackupMaker(log: log, directory: directory.path) { state in
          reached.set(state.done, of: state.total)
        }.make(at: path)
      }
      return [
        "phase": .string(state.phase.rawValue), "done": .number(state.done),
        "total": .number(state.total), "head": .number(state.head.number),
        "files": .number(state.files), "path": .string(path), "finished": .bool(true),
      ]
    }
  }
}

struct BackupVerifyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Check every file of a backup, and every event of its log.",
    discussion: "Changes nothing in DIR. Exits with 1 if something is not as it should be."
  )

  @Argument(help: "The folder of the backup.")
  var directory: String

  @OptionGroup var output: OutputOptions

  func run() async throws {
    let console = output.console
    let manifest = try BackupCheck(folder: Paths.absolute(directory), console: console).run()
    if console.isJSON { return console.print(manifest.summary) }
    console.print(
      "sound: \(Figures.count(manifest.head.number)) events of \(manifest.created), "
        + "\(Figures.count(manifest.files.count)) files, \(Figures.bytes(manifest.bytes))"
    )
  }
}

struct RestoreCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "restore",
    abstract: "Make a data directory of a backup.",
    discussion: """
      Everything is checked on the way. The log begins a new epoch where the backup ends: a consumer \
      that had handled more is told so instead of waiting, and read models are rebuilt.

        wordweave restore /backups/monday --data ./restored
        wordweave serve --data ./restored
      """
  )

  @Argument(help: "The folder of the backup.")
  var directory: String

  @Option(
    help: ArgumentHelp("The new data directory; it must be missing or empty.", valueName: "dir")
  )
  var data: String

  @OptionGroup var output: OutputOptions

  func run() async throws {
    let console = output.console
    let path = Paths.absolute(data)
    let result = try await BackupRestore(folder: Paths.absolute(directory), console: console)
      .run(to: path)
    if console.isJSON {
      return console.print([
        "data": .string(path), "head": .number(result.head.number),
        "epoch": .number(result.epoch), "files": .number(result.files),
      ])
    }
    console.print(
      "\(path): \(Figures.count(result.head.number)) events; the log is in epoch \(result.epochNumber)"
    )
  }
}

extension BackupManifest {
  var summary: JSONValue {
    [
      "log": .string(log.description), "epoch": .number(epoch), "head": .number(head.number),
      "created": .string(created), "program": .string(program), "files": .number(files.count),
      "bytes": .number(bytes),
    ]
  }
}

/// Paths as another process understands them.
enum Paths {
  static func absolute(_ path: String) -> String {
    let whole =
      path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
    return whole.count > 1 && whole.hasSuffix("/") ? String(whole.dropLast()) : whole
  }
}
