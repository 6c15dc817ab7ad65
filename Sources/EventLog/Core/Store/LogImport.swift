/// Writes an export into a log, chunk by chunk.
///
/// - Shape: chunks may be cut anywhere. The log is empty or holds the beginning of the export, so
///   an import that was broken off is begun again with the same bytes.
/// - Errors: `.corrupt` for bytes that are no export, damaged events, and an end whose digest or
///   count does not fit; `.invalid` where the log holds something else, or more.
/// - Source: law L48.
public struct LogImport {
  private let engine: any EventLogEngine
  private var reader = ExportReader()
  /// Where the log ended before the first bytes.
  private var before: GlobalPosition?

  /// Begins an import into `engine`.
  public init(into engine: any EventLogEngine) { self.engine = engine }

  /// How many events the import has taken from the export.
  public var count: UInt64 { reader.count }

  /// Takes the next bytes and writes the events that are whole.
  public mutating func feed(_ bytes: some Collection<UInt8>) async throws(EventLogError) {
    if before == nil { before = try await engine.head() }
    reader.feed(bytes)
    while true {
      let events = try reader.events()
      guard !events.isEmpty else { return }
      try await engine.restore(events)
    }
  }

  /// Tells that there are no more bytes; an export that was cut is found here, and one that the log
  /// went beyond before.
  public func finish() throws(EventLogError) {
    try reader.finish()
    guard let before, before.number > count else { return }
    throw .invalid(
      "the log held \(before) events, the export \(count): it is no beginning of the export"
    )
  }
}
