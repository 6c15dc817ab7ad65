/// Writes an export into a log, chunk by chunk.
///
/// - Shape: chunks may be cut anywhere. The log is empty or holds the beginning of the export, so
///   an import that was broken off is begun again with the same bytes.
/// - Errors: `.corrupt` for bytes that are no export, damaged events, and an end whose digest or
///   count does not fit; `.invalid` from the engine where the log holds something else.
/// - Source: law L48.
public struct LogImport {
  private let engine: any EventLogEngine
  private var reader = ExportReader()

  /// Begins an import into `engine`.
  public init(into engine: any EventLogEngine) { self.engine = engine }

  /// How many events the import has taken from the export.
  public var count: UInt64 { reader.count }

  /// Takes the next bytes and writes the events that are whole.
  public mutating func feed(_ bytes: some Collection<UInt8>) async throws(EventLogError) {
    reader.feed(bytes)
    while true {
      let events = try reader.events()
      guard !events.isEmpty else { return }
      try await engine.restore(events)
    }
  }

  /// Tells that there are no more bytes; an export that was cut is found here.
  public func finish() throws(EventLogError) { try reader.finish() }
}
