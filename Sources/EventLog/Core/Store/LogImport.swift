internal import CLinux

/// Writes an export into a log, chunk by chunk.
///
/// - Shape: chunks may be cut anywhere. The log is empty or holds the beginning of the export, so
///   an import that was broken off is begun again with the same bytes.
/// - Errors: `.corrupt` for bytes that are no export, damaged events, and an end whose digest or
///   count does not fit; `.invalid` from the engine where the log holds something else.
/// - Source: law L48.
public struct LogImport {
  private let engine: any EventLogEngine
  private var pending: [UInt8] = []
  private var digest: UInt32 = 0
  private var hasHeader = false
  private var isFinished = false
  /// How many events the import has handed to the log.
  public private(set) var count: UInt64 = 0

  /// Begins an import into `engine`.
  public init(into engine: any EventLogEngine) { self.engine = engine }

  /// Takes the next bytes and writes the events that are whole.
  public mutating func feed(_ bytes: some Collection<UInt8>) async throws(EventLogError) {
    pending.append(contentsOf: bytes)
    if !hasHeader {
      guard pending.count >= ExportFormat.headerBytes else { return }
      guard pending.starts(with: ExportFormat.header) else {
        throw .corrupt("these bytes are no export of a log, or one of another version", at: nil)
      }
      take(ExportFormat.headerBytes)
      hasHeader = true
    }
    while try await restoreBatch() {}
    if pending.first == 0, pending.count >= ExportFormat.trailerBytes { try checkTrailer() }
  }

  /// Tells that there are no more bytes; an export that was cut is found here.
  public func finish() throws(EventLogError) {
    guard isFinished else { throw .corrupt("the export ends too early", at: nil) }
  }

  /// Restores the whole events at the front, up to a page; false if there is none.
  private mutating func restoreBatch() async throws(EventLogError) -> Bool {
    var events: [RecordedEvent] = []
    var end = 0
    while end < pending.count, pending[end] != 0, events.count < EventLogLimits.pageEvents,
      end < EventLogLimits.pageBytes
    {
      let rest = pending.count - end
      let length = pending.withUnsafeBytes { bytes in
        Envelope.length(of: UnsafeRawBufferPointer(rebasing: bytes[end...]))
      }
      // What an envelope promises is believed only as far as the log's limits go, so that a
      // damaged length cannot make the import wait for gigabytes.
      if let length, length > EventLogLimits.requestBytes {
        throw .corrupt("an event promises \(length) bytes", at: GlobalPosition(count + 1))
      }
      guard let length, length <= rest else { break }
      events.append(try RecordedEvent(envelope: Array(pending[end..<(end + length)])))
      end += length
    }
    guard !events.isEmpty else { return false }
    try await engine.restore(events)
    count += UInt64(events.count)
    take(end)
    return true
  }

  private mutating func checkTrailer() throws(EventLogError) {
    guard pending.count == ExportFormat.trailerBytes, !isFinished else {
      throw .corrupt("bytes follow the end of the export", at: nil)
    }
    let expected = ExportFormat.digest(digest, pending[..<ExportFormat.digestOffset])
    let (found, total) = pending.withUnsafeBytes {
      ($0.littleEndian(UInt32.self, at: 4), $0.littleEndian(UInt64.self, at: 8))
    }
    guard found == expected, total == count else {
      throw .corrupt("the digest of the export does not fit its events", at: nil)
    }
    isFinished = true
  }

  private mutating func take(_ length: Int) {
    digest = ExportFormat.digest(digest, pending[..<length])
    pending.removeFirst(length)
  }
}
