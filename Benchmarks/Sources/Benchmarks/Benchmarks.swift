import EventLogRocksDB
import Glibc
import Logging

/// Runs figures by name: `Benchmarks append read …`, all of them without a name.
@main struct Benchmarks {
  static let figures: [any Figure.Type] = [
    AppendFigure.self, ReadFigure.self, CatchUpFigure.self, LatencyFigure.self,
    RebuildFigure.self, StartFigure.self,
  ]

  static func main() async throws {
    // Logging to a terminal would be part of what is measured.
    LoggingSystem.bootstrap { _ in SwiftLogNoOpLogHandler() }
    let arguments = CommandLine.arguments.dropFirst()
    if arguments.first == "fill", arguments.count == 3, let events = Int(arguments[3]) {
      // Not a figure: a log of many events for `served.py start`.
      return try await fill(arguments[2], events: events)
    }
    if arguments.first == "fill-audit", arguments.count == 3, let events = Int(arguments[3]) {
      // Not a figure: a log with much to ask for, for `audited.py`.
      let log = try RocksDBEventLog.open(path: arguments[2])
      try await AuditedLog.fill(log, events: events)
      return await log.close()
    }
    let settings: Settings
    do {
      settings = try Settings(arguments)
    } catch {
      print("\(error)\n\(Settings.usage)")
      exit(64)
    }
    let chosen = figures.filter { settings.names.isEmpty || settings.names.contains($0.name) }
    print(Machine.description)
    print(settings.description)
    #if DEBUG
      print("A debug build: its figures mean nothing.")
    #endif
    for figure in chosen {
      print("\n## \(figure.name)\n\n\(figure.sentence)\n")
      do {
        print(try await figure.run(settings).text)
      } catch {
        print("\(figure.name) failed: \(error)")
        exit(1)
      }
    }
  }

  private static func fill(_ path: String, events: Int) async throws {
    let log = try RocksDBEventLog.open(path: path)
    try await FilledLog.fill(log, events: events, dataBytes: 256)
    await log.close()
  }
}
