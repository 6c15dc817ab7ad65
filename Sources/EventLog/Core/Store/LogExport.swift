internal import CLinux

// The file of an export, version 1. Integers are little-endian.
//
//   8  magic "WEAVELOG"
//   4  version (1)
//   4  zero
//   …  envelopes, in position order from 1, as they are stored; each tells its own length
//   1  zero, where an envelope has its version: the end
//   3  zero
//   4  digest: CRC-32C of everything before this field
//   8  count of envelopes
//
// It holds content alone: neither the log's id nor its epoch, so that a log and its copy export
// the same bytes (law L47).
//
// Reads show an event as removed at once, wherever in the log its removal stands. An export is read
// page by page, so it may hold headers whose removal came after it began: it goes on until that is
// in the file as well. What was read before the removal keeps its data in the file, and the copy
// removes it where the removal stands.

package enum ExportFormat {
  /// What an export begins with.
  package static let magic = Array("WEAVELOG".utf8)
  static let version: UInt32 = 1
  static let headerBytes = 16
  static let trailerBytes = 16
  /// Where the digest stands in the trailer; it covers everything before it.
  static let digestOffset = 4

  static var header: [UInt8] {
    var bytes = magic
    bytes.append(littleEndian: version)
    bytes.append(littleEndian: UInt32(0))
    return bytes
  }

  static func digest(_ digest: UInt32, _ bytes: ArraySlice<UInt8>) -> UInt32 {
    bytes.withUnsafeBytes { weave_crc32c(digest, $0.baseAddress, $0.count) }
  }
}

/// The bytes of a whole log up to the head at the first chunk, in chunks of about a page; further if
/// events are removed meanwhile, up to what removed them.
///
/// - Shape: equal for equal content, whatever the engine; removed events are headers.
/// - Errors: what the engine says.
/// - Source: laws L47 and L48.
public struct LogExport: AsyncSequence, Sendable {
  /// A run of bytes.
  public typealias Element = [UInt8]
  /// What the engine says.
  public typealias Failure = EventLogError

  let engine: any EventLogEngine

  /// Makes an export of what `engine` holds when the first chunk is asked for.
  public init(of engine: any EventLogEngine) { self.engine = engine }

  /// Begins an export.
  public func makeAsyncIterator() -> Iterator { Iterator(engine: engine) }

  /// A place in the export.
  public struct Iterator: AsyncIteratorProtocol {
    private enum Phase {
      case header
      case events(after: GlobalPosition, through: GlobalPosition)
      case done
    }

    private let engine: any EventLogEngine
    private var phase = Phase.header
    private var digest: UInt32 = 0
    private var count: UInt64 = 0

    init(engine: any EventLogEngine) { self.engine = engine }

    /// The next chunk; nil after the last.
    public mutating func next() async throws(EventLogError) -> [UInt8]? {
      try await next(isolation: nil)
    }

    /// The next chunk; nil after the last.
    public mutating func next(
      isolation actor: isolated (any Actor)?
    ) async throws(EventLogError) -> [UInt8]? {
      switch phase {
      case .header:
        phase = .events(after: .start, through: try await engine.head())
        let header = ExportFormat.header
        digest = ExportFormat.digest(0, header[...])
        return header
      case .events(let after, let through) where after >= through:
        guard let removal = try await lastRemoval(after: through) else {
          phase = .done
          return trailer()
        }
        return try await chunk(after: after, through: removal)
      case .events(let after, let through):
        return try await chunk(after: after, through: through)
      case .done:
        return nil
      }
    }

    private mutating func chunk(
      after: GlobalPosition,
      through: GlobalPosition
    ) async throws(EventLogError) -> [UInt8] {
      let page = try await engine.readAll(
        after: after,
        matching: .all,
        direction: .forward,
        limit: EventLogLimits.pageEvents,
        includeRemoved: true
      )
      var bytes: [UInt8] = []
      var expected = after.next
      for event in page.events where event.position <= through {
        guard event.position == expected else {
          throw .corrupt("position \(expected) is missing", at: expected)
        }
        event.withEnvelope { bytes.append(contentsOf: $0) }
        expected = expected.next
        count += 1
      }
      let last = GlobalPosition(expected.number - 1)
      guard last > after else { throw .corrupt("position \(expected) is missing", at: expected) }
      digest = ExportFormat.digest(digest, bytes[...])
      phase = .events(after: last, through: through)
      return bytes
    }

    /// The last event after `through` that removed others; nil if there is none.
    ///
    /// A round is as long as what was written during the one before, so the rounds become short, and
    /// the first without a removal is the last.
    private func lastRemoval(
      after through: GlobalPosition
    ) async throws(EventLogError) -> GlobalPosition? {
      var last: GlobalPosition?
      var after = through
      // What comes later than this look is later than every page, too.
      var head: GlobalPosition?
      while true {
        let page = try await engine.readAll(
          after: after,
          matching: Removal.query,
          direction: .forward,
          limit: EventLogLimits.pageEvents,
          includeRemoved: true
        )
        last = page.events.last?.position ?? last
        after = page.scannedTo
        let end = head ?? page.head
        head = end
        if page.isEnd || after >= end { return last }
      }
    }

    private func trailer() -> [UInt8] {
      var bytes: [UInt8] = [0, 0, 0, 0]
      bytes.append(littleEndian: ExportFormat.digest(digest, bytes[...]))
      bytes.append(littleEndian: count)
      return bytes
    }
  }
}
