internal import ArgumentParser
internal import Gateway
internal import HTTPClientDriver

struct AuditExportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write the events that fit into a file, oldest first.",
    discussion: """
      NDJSON holds an object a line. CSV is RFC 4180 with a line of headings; a cell that a \
      spreadsheet would take for a formula begins with an apostrophe. The export is an event of the \
      log itself, behind what it holds.

        wordweave audit export --format csv --since 2026-01-01 --output january.csv
        wordweave audit export --actor operator | jq .type
      """
  )

  enum Format: String, ExpressibleByArgument, CaseIterable { case ndjson, csv }

  @Option(help: "The form of the file: ndjson or csv.")
  var format = Format.ndjson

  @OptionGroup var filter: AuditFilter

  @Option(help: ArgumentHelp("Where to write to; by default standard output.", valueName: "file"))
  var output: String?

  @Flag(
    name: [.customShort("q"), .long],
    help: "No progress and no remarks; only results and errors."
  )
  var quiet = false

  @OptionGroup var connection: ConnectionOptions

  func run() async throws {
    try await connection.withClient(to: .writes) { client in
      let console = Console(isQuiet: quiet)
      let head = try await client.head()
      var query = filter.query
      query.add("format", format.rawValue)
      let stream = try await client.file("/v1/admin/audit/export", query)
      let file = try OutputFile(output ?? "-")
      var progress = Progress("Exporting", on: console)
      var places = ExportedPlaces(format)
      do {
        while let bytes = try await stream.next() {
          try file.write(bytes)
          places.take(bytes)
          if output != nil { progress.show(ProgressState(done: places.last, total: head)) }
        }
        try file.finish()
      } catch {
        progress.finish()
        throw client.brokenOff(error, "exporting the audit")
      }
      if output != nil { progress.finish() }
      if let output { console.remark("\(Figures.count(places.events)) events in \(output)") }
    }
  }
}

/// The positions that an exported file tells of, for its progress: every line begins with one.
struct ExportedPlaces {
  private(set) var last: Int64 = 0
  private(set) var events = 0
  private let prefix: [UInt8]
  private var isHeading: Bool
  private var line: [UInt8] = []
  private var isQuoted = false

  /// Bytes of a line's beginning that are kept: a name and twenty digits.
  private static let beginning = 40

  init(_ format: AuditExportCommand.Format) {
    prefix = format == .ndjson ? Array("{\"position\":".utf8) : []
    isHeading = format == .csv
  }

  mutating func take(_ bytes: [UInt8]) {
    for byte in bytes {
      // A quoted cell may hold line ends.
      if prefix.isEmpty, byte == UInt8(ascii: "\"") { isQuoted.toggle() }
      guard byte == UInt8(ascii: "\n"), !isQuoted else {
        if line.count < Self.beginning { line.append(byte) }
        continue
      }
      if isHeading {
        isHeading = false
      } else {
        events += 1
        let digits = line.dropFirst(prefix.count).prefix { (0x30...0x39).contains($0) }
        last = Int64(String(decoding: digits, as: UTF8.self)) ?? last
      }
      line.removeAll(keepingCapacity: true)
    }
  }
}
