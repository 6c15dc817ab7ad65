// The binary form of COPY: a signature (11 bytes), flags (4), bytes of extension (4); for each row how
// many fields (2), and for each field its length (4; -1 for null) and its bytes as the type's send
// function has them; at the end -1 (2).

/// Rows on their way into a table, in one buffer: for many rows cheaper to the server than arrays.
public struct PostgresCopy: Sendable {
  private static let signature: [UInt8] = Array("PGCOPY\n".utf8) + [0xFF, 0x0D, 0x0A, 0x00]
  private static let end = Int16(-1)

  /// `COPY table (columns) FROM STDIN (FORMAT binary)`.
  public let statement: PostgresStatement
  private let fields: Int16
  private(set) var bytes: [UInt8] = []
  /// How many rows there are.
  public private(set) var count = 0

  /// Begins; `rows` and `bytes` (of all fields) reserve room.
  public init(_ statement: PostgresStatement, fields: Int, rows: Int, bytes reserve: Int) {
    self.statement = statement
    self.fields = Int16(fields)
    bytes.reserveCapacity(Self.signature.count + 10 + rows * (2 + 4 * fields) + reserve)
    bytes.append(contentsOf: Self.signature)
    append(raw: UInt32(0))
    append(raw: UInt32(0))
  }

  /// Begins a row; its fields follow.
  public mutating func beginRow() {
    count += 1
    append(raw: fields)
  }

  /// Adds null.
  public mutating func appendNull() { append(raw: Int32(-1)) }

  /// Adds the bytes of a field.
  public mutating func append(_ field: UnsafeRawBufferPointer) {
    append(raw: Int32(field.count))
    bytes.append(contentsOf: field)
  }

  /// Adds an integer of the column's width.
  public mutating func append<Number: FixedWidthInteger>(_ number: Number) {
    append(raw: Int32(Number.bitWidth / 8))
    append(raw: number)
  }

  /// Adds a UUID of its two halves.
  public mutating func appendUUID(high: UInt64, low: UInt64) {
    append(raw: Int32(16))
    append(raw: high)
    append(raw: low)
  }

  /// Ends the rows.
  public mutating func finish() { append(raw: Self.end) }

  private mutating func append(raw number: some FixedWidthInteger) {
    withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
  }
}
