internal import Crypto
internal import EventLogCore

/// A strong hash over the documents, index entries and counters of a read model (SHA-256).
///
/// Equal content gives equal digests whatever the generation, the checkpoints and the order in
/// which it was written; a counter that stands at 0 is as good as none.
public struct ContentDigest: Hashable, Sendable, CustomStringConvertible {
  /// The 32 bytes.
  public let bytes: [UInt8]
  /// How many rows went into it.
  public let rows: UInt64

  /// 64 hexadecimal digits.
  public var description: String {
    let digits = Array("0123456789abcdef".utf8)
    return String(
      decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] },
      as: UTF8.self
    )
  }

  /// Hashes a generation as a source shows it.
  ///
  /// Blocks; each row goes in with its lengths before it, so that no key can pass for a part of a
  /// value.
  init(of generation: UInt32, in source: any ReadModelSource) throws {
    var hash = SHA256()
    var rows: UInt64 = 0
    var lengths: [UInt8] = []
    try ContentRows(of: generation, in: source).forEach { row in
      lengths.removeAll(keepingCapacity: true)
      lengths.append(littleEndian: UInt32(row.key.count - RowKeys.generationBytes))
      lengths.append(littleEndian: UInt32(row.value.count))
      lengths.withUnsafeBytes { hash.update(bufferPointer: $0) }
      row.key.withUnsafeBytes {
        hash.update(bufferPointer: .init(rebasing: $0[RowKeys.generationBytes...]))
      }
      row.value.withUnsafeBytes { hash.update(bufferPointer: $0) }
      rows += 1
    }
    bytes = Array(hash.finalize())
    self.rows = rows
  }
}

/// The rows of a generation that make up its content, page by page.
struct ContentRows {
  private let source: any ReadModelSource
  private var range: RowRange
  private let counters: [UInt8]

  init(of generation: UInt32, in source: any ReadModelSource) {
    self.source = source
    range = RowKeys.content(of: generation)
    counters = RowKeys.rows(.counter, of: generation)
  }

  /// Visits every row in key order.
  func forEach(_ visit: (ReadModelRow) throws -> Void) throws {
    var copy = self
    while true {
      let page = try copy.next()
      if page.isEmpty { return }
      for row in page { try visit(row) }
    }
  }

  /// The next rows; none is the end.
  ///
  /// Counters at 0 are left out.
  mutating func next() throws -> [ReadModelRow] {
    while true {
      try Task.checkCancellation()
      let rows = try source.scan(range, isBackward: false, limit: FillLimits.scanRows)
      guard let last = rows.last else { return [] }
      range.from = last.key + [0]
      let kept = rows.filter { !$0.key.starts(with: counters) || $0.value.counter != 0 }
      if !kept.isEmpty { return kept }
    }
  }
}
