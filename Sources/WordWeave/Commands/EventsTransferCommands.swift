internal import ArgumentParser
internal import Gateway

extension ExportForm: ExpressibleByArgument {}

struct EventsExportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write the whole log into a file.",
    discussion: """
      The log as it is now, removed events as headers; if events are removed meanwhile, up to what \
      removed them. Logs of equal content give equal digests, \
      whatever their engines are and whichever format is asked for; the binary form gives equal \
      bytes. FILE appears as a whole or not at all; `-` is standard output.

      ndjson has one JSON object for each event, with everything that is needed to import it again.

        wordweave events export log.weave
        wordweave events export --format ndjson - | grep PostPublished
        wordweave events export --log postgres://ww@db/ww log.weave
      """
  )

  @Argument(help: "The file; - is standard output.")
  var file = "-"

  @Option(help: "binary or ndjson.")
  var format = ExportForm.binary

  @OptionGroup var log: LogOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let console = output.console
    let summary = try await log.withLog(to: .reads) { site in
      try await LogExporting.run(from: site, to: file, as: format, console: console)
    }
    // On standard output the export itself is the result.
    if file == "-" {
      console.remark("\(Figures.count(summary.events)) events, \(summary.digest)")
    } else if console.isJSON {
      console.print(summary.json)
    } else {
      console.print("\(Figures.count(summary.events)) events, \(summary.digest)")
    }
  }
}

struct EventsImportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Write an export into an empty log.",
    discussion: """
      Events keep positions, ids, times and everything else. The log must be empty, or hold the \
      beginning of the same export: an import that was stopped goes on when it is run again. A log \
      that holds something else is left as it is. The format is recognised by the content; `-` is \
      standard input.

      The log keeps its own identity: consumers of the log that was exported begin anew.

        wordweave events import log.weave --data ./copy
        wordweave events import log.weave --log 'postgres://ww@db/ww?schema=copy'
      """
  )

  @Argument(help: "The file; - is standard input.")
  var file: String

  @Option(help: "binary or ndjson, instead of looking at the content.")
  var format: ExportForm?

  @OptionGroup var log: LogOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let console = output.console
    try LogImporting.check(file, as: format)
    let summary = try await log.withLog(to: .writes) { site in
      try await LogImporting.run(from: file, into: site, as: format, console: console)
    }
    if console.isJSON { return console.print(summary.json) }
    let known = summary.known.flatMap { $0 > 0 ? ", \(Figures.count($0)) of them known" : nil }
    console.print(
      "\(Figures.count(summary.events)) events\(known ?? ""), \(summary.digest)"
    )
  }
}
