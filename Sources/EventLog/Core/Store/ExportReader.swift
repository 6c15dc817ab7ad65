/// Takes an export apart as its bytes come, and checks it on the way: every envelope, the order of
/// positions, the count and the digest.
///
/// - Shape: chunks may be cut anywhere; what is not whole yet waits for the next.
/// - Errors: `.corrupt` for bytes that are no export, damaged events, a gap, and an end whose digest
///   or count does not fit.
/// - Source: law L48; the format is told at `ExportFormat`.
package struct ExportReader {
  private var pending: [UInt8] = []
  /// How many bytes at the front of `pending` are taken.
  private var taken = 0
  private var digest: UInt32 = 0
  private var hasHeader = false
  private var isFinished = false
  /// How many events were handed out.
  package private(set) var count: UInt64 = 0

  package init() {}

  /// Takes the next bytes.
  package mutating func feed(_ bytes: some Collection<UInt8>) {
    pending.removeFirst(taken)
    taken = 0
    pending.append(contentsOf: bytes)
  }

  /// The whole events that came and were not handed out yet, up to a page; none if more bytes are
  /// needed.
  package mutating func events() throws(EventLogError) -> [RecordedEvent] {
    if !hasHeader {
      guard pending.count - taken >= ExportFormat.headerBytes else { return [] }
      guard pending[taken...].starts(with: ExportFormat.header) else {
        throw .corrupt("these bytes are no export of a log, or one of another version", at: nil)
      }
      take(ExportFormat.headerBytes)
      hasHeader = true
    }
    guard !isFinished else {
      guard taken == pending.count else { throw Self.trailing }
      return []
    }
    let lengths = try wholeEnvelopes()
    if lengths.isEmpty {
      if taken < pending.count, pending[taken] == 0 { try checkTrailer() }
      return []
    }
    let run = lengths.reduce(0, +)
    // One copy for all of them, which they share.
    let page = Array(pending[taken..<(taken + run)])
    var events: [RecordedEvent] = []
    events.reserveCapacity(lengths.count)
    var start = 0
    for length in lengths {
      let place = GlobalPosition(count + 1)
      let damage = page.withUnsafeBytes { bytes in
        let envelope = UnsafeRawBufferPointer(rebasing: bytes[start..<(start + length)])
        return Envelope.damage(in: envelope) ?? Envelope.disorder(in: envelope)
      }
      if let damage { throw .corrupt(damage, at: place) }
      let event = RecordedEvent(checked: page, start: start, count: length)
      guard event.position == place else {
        throw .corrupt("position \(place) is missing, \(event.position) follows", at: place)
      }
      events.append(event)
      count += 1
      start += length
    }
    take(run)
    return events
  }

  /// Tells that there are no more bytes; an export that was cut is found here.
  package func finish() throws(EventLogError) {
    guard isFinished else { throw .corrupt("the export ends too early", at: nil) }
  }

  /// The lengths of the whole envelopes at the front, up to a page.
  private func wholeEnvelopes() throws(EventLogError) -> [Int] {
    var lengths: [Int] = []
    var end = taken
    while end < pending.count, pending[end] != 0, lengths.count < EventLogLimits.pageEvents,
      end - taken < EventLogLimits.pageBytes
    {
      let length = pending.withUnsafeBytes { bytes in
        Envelope.length(of: UnsafeRawBufferPointer(rebasing: bytes[end...]))
      }
      // What an envelope promises is believed only as far as the log's limits go, so that a
      // damaged length cannot make the reader wait for gigabytes.
      if let length, length > EventLogLimits.requestBytes {
        throw .corrupt(
          "an event promises \(length) bytes",
          at: GlobalPosition(count + UInt64(lengths.count) + 1)
        )
      }
      guard let length, length <= pending.count - end else { break }
      lengths.append(length)
      end += length
    }
    return lengths
  }

  private mutating func checkTrailer() throws(EventLogError) {
    guard pending.count - taken <= ExportFormat.trailerBytes else { throw Self.trailing }
    guard pending.count - taken == ExportFormat.trailerBytes else { return }
    let trailer = Array(pending[taken...])
    let expected = ExportFormat.digest(digest, trailer[..<ExportFormat.digestOffset])
    let (found, total) = trailer.withUnsafeBytes {
      ($0.littleEndian(UInt32.self, at: 4), $0.littleEndian(UInt64.self, at: 8))
    }
    guard found == expected, total == count else {
      throw .corrupt("the digest of the export does not fit its events", at: nil)
    }
    isFinished = true
    take(trailer.count)
  }

  private static var trailing: EventLogError {
    .corrupt("bytes follow the end of the export", at: nil)
  }

  private mutating func take(_ length: Int) {
    digest = ExportFormat.digest(digest, pending[taken..<(taken + length)])
    taken += length
  }
}
