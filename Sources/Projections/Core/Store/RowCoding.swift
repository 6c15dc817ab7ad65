internal import EventLogCore
internal import MessagingCore

/// Writes the value of one of our own rows: integers little-endian, texts after their length (4).
struct RowWriter {
  private(set) var bytes: [UInt8]

  init(format: UInt8) { bytes = [format] }

  mutating func put(_ number: some FixedWidthInteger) { bytes.append(littleEndian: number) }
  mutating func put(_ text: String) {
    put(UInt32(text.utf8.count))
    bytes.append(contentsOf: text.utf8)
  }
  mutating func put(_ position: GlobalPosition) { put(position.number) }
  mutating func put(_ time: Timestamp) { put(time.microseconds) }
  mutating func put(_ flag: Bool) { put(UInt8(flag ? 1 : 0)) }
  mutating func put(_ log: LogIdentity) {
    put(log.id.high)
    put(log.id.low)
    put(log.epoch)
    put(UInt32(log.epochEnds.count))
    for end in log.epochEnds { put(end) }
  }
}

/// Reads what `RowWriter` wrote; anything else is damage, told with the name of the row.
struct RowReader {
  private let bytes: [UInt8]
  private let row: String
  private var index = 1

  init(_ bytes: [UInt8], format: UInt8, row: String) throws(ReadModelError) {
    guard let first = bytes.first else { throw .damaged("\(row) is empty") }
    guard first == format else {
      throw .foreignFormat("\(row) has format \(first), this build reads \(format)")
    }
    self.bytes = bytes
    self.row = row
  }

  mutating func number<Number: FixedWidthInteger>(
    _: Number.Type = Number.self
  ) throws(ReadModelError) -> Number {
    let size = MemoryLayout<Number>.size
    guard index + size <= bytes.count else { throw .damaged("\(row) ends too early") }
    defer { index += size }
    return bytes.withUnsafeBytes { $0.littleEndian(Number.self, at: index) }
  }
  mutating func text() throws(ReadModelError) -> String {
    let count = Int(try number(UInt32.self))
    guard index + count <= bytes.count else { throw .damaged("\(row) ends too early") }
    defer { index += count }
    return String(decoding: bytes[index..<(index + count)], as: UTF8.self)
  }
  mutating func position() throws(ReadModelError) -> GlobalPosition {
    GlobalPosition(try number())
  }
  mutating func time() throws(ReadModelError) -> Timestamp { Timestamp(microseconds: try number()) }
  mutating func flag() throws(ReadModelError) -> Bool { try number(UInt8.self) != 0 }
  mutating func value<Value: RawRepresentable>(
    _: Value.Type = Value.self
  ) throws(ReadModelError) -> Value where Value.RawValue == String {
    let text = try text()
    guard let value = Value(rawValue: text) else { throw .damaged("\(row) says '\(text)'") }
    return value
  }
  mutating func log() throws(ReadModelError) -> LogIdentity {
    let id = EventID(high: try number(), low: try number())
    let epoch: UInt64 = try number()
    var ends: [GlobalPosition] = []
    for _ in 0..<(try number(UInt32.self)) { ends.append(try position()) }
    return LogIdentity(id: id, epoch: epoch, epochEnds: ends)
  }
}

// Lane rows.

extension Checkpoint {
  private static let format: UInt8 = 1

  var row: [UInt8] {
    var row = RowWriter(format: Self.format)
    row.put(log)
    row.put(floor)
    row.put(fence)
    row.put(UInt32(marks.count))
    for (category, position) in marks.sorted(by: { $0.key < $1.key }) {
      row.put(category.text)
      row.put(position)
    }
    return row.bytes
  }

  init(row bytes: [UInt8]) throws(ReadModelError) {
    var row = try RowReader(bytes, format: Self.format, row: "a checkpoint")
    let log = try row.log()
    let floor = try row.position()
    let fence: UInt64 = try row.number()
    var marks: [Category: GlobalPosition] = [:]
    for _ in 0..<(try row.number(UInt32.self)) {
      let category = Category(try row.text())
      marks[category] = try row.position()
    }
    self.init(log: log, floor: floor, marks: marks, fence: fence)
  }
}

extension ParkedStream {
  private static let format: UInt8 = 1

  var row: [UInt8] {
    var row = RowWriter(format: Self.format)
    row.put(stream.text)
    row.put(UInt32(truncatingIfNeeded: partition))
    row.put(headPosition)
    row.put(headRevision.number)
    row.put(tailPosition)
    row.put(tailRevision.number)
    row.put(behind)
    row.put(state.rawValue)
    row.put(due)
    row.put(UInt32(truncatingIfNeeded: attempts))
    row.put(firstFailed)
    row.put(kind.rawValue)
    row.put(error)
    row.put(isWished)
    return row.bytes
  }

  init(row bytes: [UInt8]) throws(ReadModelError) {
    var row = try RowReader(bytes, format: Self.format, row: "a parked stream")
    let stream = StreamName(try row.text())
    let partition = Int(try row.number(UInt32.self))
    let head = (position: try row.position(), revision: StreamRevision(try row.number()))
    let tail = (position: try row.position(), revision: StreamRevision(try row.number()))
    let behind: UInt64 = try row.number()
    let state = try row.value(State.self)
    let due = try row.time()
    let attempts = Int(try row.number(UInt32.self))
    let firstFailed = try row.time()
    let kind = try row.value(ErrorKind.self)
    self.init(
      stream: stream,
      partition: partition,
      head: head,
      state: state,
      due: due,
      firstFailed: firstFailed,
      kind: kind,
      error: try row.text()
    )
    tailPosition = tail.position
    tailRevision = tail.revision
    self.behind = behind
    self.attempts = attempts
    isWished = try row.flag()
  }
}
