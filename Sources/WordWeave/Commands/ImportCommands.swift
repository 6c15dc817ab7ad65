internal import ArgumentParser
internal import EventLogCore

struct ImportGroup: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Bring existing content in, through commands and events.",
    subcommands: [ImportRevisionsCommand.self, ImportMarkdownCommand.self]
  )
}

struct ImportOptions: ParsableArguments {
  @Option(help: ArgumentHelp("YAML of author keys: `key: {name, about}`.", valueName: "file"))
  var authors: String?

  @Option(
    help: ArgumentHelp(
      "The import's name: ids follow from it, so the same content under another name is another "
        + "blog.",
      valueName: "name"
    )
  )
  var name = "blog"

  @Flag(help: "Plan only: show what would be sent and what is wrong with the input.")
  var dryRun = false

  func readAuthors() throws -> AuthorsFile {
    guard let authors else { return AuthorsFile() }
    do {
      return try AuthorsFile(yaml: try Files.text(authors))
    } catch let error as CommandError {
      throw error
    } catch {
      throw CommandError(
        "reading \(authors)",
        found: "no valid YAML (\("\(error)".split(separator: "\n").first ?? ""))",
        code: .usage
      )
    }
  }
}

struct ImportRevisionsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "revisions",
    abstract: "Import a blog with its whole edit history.",
    discussion: """
      FILE holds one JSON object per line, oldest change first: commit, at (RFC 3339), author \
      (display name), change (added, modified, renamed with `from`, deleted), file, and content \
      (the whole file after the change, Markdown with YAML front matter: title, date, author, \
      category, published).

      Every change becomes commands with the original author and time. What is untidy is told at \
      the end and stops nothing. Running the import again adds nothing; an interrupted one goes on \
      where it stopped.

        wordweave import revisions revisions.ndjson --authors authors.yml
        wordweave import revisions revisions.ndjson --authors authors.yml --dry-run --json
      """
  )

  @Argument(help: "The file of revisions.")
  var file: String

  @OptionGroup var options: ImportOptions
  @OptionGroup var connection: ConnectionOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let authors = try options.readAuthors()
    let (revisions, unreadable) = Revision.read(lines: try Files.read(file))
    var planned = RevisionPlanner.plan(
      revisions,
      authors: authors,
      identity: ImportIdentity(name: options.name)
    )
    planned.findings = unreadable + planned.findings
    let plan = planned
    let report = ImportReport(console: output.console, inputName: "revisions")
    if options.dryRun { return report.show(plan) }
    try await connection.withClient(to: .writes, creates: true) { client in
      try await ImportRun(client: client, report: report).run(plan)
    }
  }
}

struct ImportMarkdownCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "markdown",
    abstract: "Import a folder of Markdown files as posts.",
    discussion: """
      Every .md file of DIR with YAML front matter (title, date, author, category, published) \
      becomes a post. Posts that are there already, from an earlier run or from `import revisions`, \
      are brought to what the files say; nothing changes where nothing differs.

        wordweave import markdown posts --authors authors.yml
      """
  )

  @Argument(help: "The folder of Markdown files.")
  var directory: String

  @Option(help: ArgumentHelp("Who owns posts that name no author.", valueName: "display name"))
  var author = "Editor"

  @OptionGroup var options: ImportOptions
  @OptionGroup var connection: ConnectionOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let authors = try options.readAuthors()
    let identity = ImportIdentity(name: options.name)
    let files = try Files.list(directory)
      .filter { $0.name.hasSuffix(".md") || $0.name.hasSuffix(".markdown") }
      .map { entry in
        MarkdownPlanner.File(
          name: entry.name,
          content: try Files.text(directory + "/" + entry.name),
          modifiedAt: Timestamp(microseconds: entry.modified)
        )
      }
    let report = ImportReport(console: output.console, inputName: "files")
    try await connection.withClient(to: .writes, creates: true) { client in
      let known = try await KnownPosts(client: client, identity: identity).find(files)
      let plan = MarkdownPlanner.plan(
        files,
        authors: authors,
        identity: identity,
        known: known,
        fallbackAuthor: author
      )
      if options.dryRun { return report.show(plan) }
      try await ImportRun(client: client, report: report).run(plan)
    }
  }
}
