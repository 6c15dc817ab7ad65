internal import CPostgres

/// The answer to one statement.
///
/// `@unchecked Sendable`: libpq's results do not change once they are made, and its readers of
/// them (`PQgetvalue` and the like) only look. It is cleared once, here.
public final class PostgresRows: @unchecked Sendable {
  private let result: OpaquePointer
  /// How many rows there are.
  public let count: Int

  init(taking result: OpaquePointer) {
    self.result = result
    count = Int(PQntuples(result))
  }

  deinit { PQclear(result) }

  /// How many rows the statement changed, from the command tag; 0 for others.
  public var changed: Int {
    PQcmdTuples(result).flatMap { Int(String(cString: $0)) } ?? 0
  }

  /// What the statement did, in the server's words; a COMMIT that undid says `ROLLBACK`.
  public var commandTag: String { PQcmdStatus(result).map { String(cString: $0) } ?? "" }

  /// Whether a field is null.
  public func isNull(_ row: Int, _ column: Int) -> Bool {
    PQgetisnull(result, Int32(row), Int32(column)) == 1
  }

  /// Lends the bytes of a field; empty for null.
  public func withBytes<R, Failure: Error>(
    _ row: Int,
    _ column: Int,
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> R
  ) throws(Failure) -> R {
    let length = Int(PQgetlength(result, Int32(row), Int32(column)))
    let start = PQgetvalue(result, Int32(row), Int32(column))
    return try body(UnsafeRawBufferPointer(start: start, count: length))
  }

  /// The bytes of a field; nil for null.
  public func bytes(_ row: Int, _ column: Int) -> [UInt8]? {
    guard !isNull(row, column) else { return nil }
    return withBytes(row, column) { Array($0) }
  }

  /// The text of a field; nil for null.
  public func text(_ row: Int, _ column: Int) -> String? {
    guard !isNull(row, column) else { return nil }
    return withBytes(row, column) { String(decoding: $0, as: UTF8.self) }
  }

  /// An integer of 2, 4 or 8 bytes; nil for null and for fields of another width.
  public func integer(_ row: Int, _ column: Int) -> Int64? {
    guard !isNull(row, column) else { return nil }
    return withBytes(row, column) { bytes in
      switch bytes.count {
      case 8: Int64(bigEndian: bytes.loadUnaligned(as: Int64.self))
      case 4: Int64(Int32(bigEndian: bytes.loadUnaligned(as: Int32.self)))
      case 2: Int64(Int16(bigEndian: bytes.loadUnaligned(as: Int16.self)))
      default: nil
      }
    }
  }

  /// True or false; nil for null.
  public func bool(_ row: Int, _ column: Int) -> Bool? {
    guard !isNull(row, column) else { return nil }
    return withBytes(row, column) { $0.first == 1 }
  }

  /// An array of 64-bit integers without nulls; nil for null.
  public func integers(_ row: Int, _ column: Int) -> [Int64]? {
    guard !isNull(row, column) else { return nil }
    return withBytes(row, column) { bytes in
      let dimensions = Int32(bigEndian: bytes.loadUnaligned(as: Int32.self))
      guard dimensions == 1, bytes.count >= 20 else { return [] }
      let count = Int32(bigEndian: bytes.loadUnaligned(fromByteOffset: 12, as: Int32.self))
      return (0..<Int(count)).map { index in
        let place = 20 + index * 12 + 4
        return Int64(bigEndian: bytes.loadUnaligned(fromByteOffset: place, as: Int64.self))
      }
    }
  }
}
