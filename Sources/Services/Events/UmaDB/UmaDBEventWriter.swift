internal import EventLogCore

/// Writes events of the log as the protocol's messages, straight from the stored bytes.
///
/// A reader of the whole log is served at the pace of this: generated messages would make several
/// objects for every event, only to write them out again.
struct UmaDBEventWriter {
  // Field numbers of schemas/umadb/v1/umadb.proto; all but positions are texts, bytes or messages.
  private enum Field {
    static let responseEvents: UInt8 = 1
    static let responseHead: UInt8 = 2
    static let sequencedPosition: UInt8 = 1
    static let sequencedEvent: UInt8 = 2
    static let sequencedTracking: UInt8 = 3
    static let eventType: UInt8 = 1
    static let eventTags: UInt8 = 2
    static let eventData: UInt8 = 3
    static let eventUUID: UInt8 = 4
    static let eventMetadata: UInt8 = 5
    static let entryKey: UInt8 = 1
    static let entryValue: UInt8 = 2
    static let trackingSource: UInt8 = 1
    static let trackingPosition: UInt8 = 2
  }

  private let recorded: RecordedEvent
  private let uuid: String?
  private let metadata: [(key: String, value: String)]
  private let tracking: Tracking?
  private let eventBytes: Int
  private let sequencedBytes: Int

  init(_ recorded: RecordedEvent) {
    self.recorded = recorded
    uuid = recorded.callerID?.description
    metadata = recorded.umaDBMetadata
    tracking = recorded.tracking
    var event = recorded.withTypeBytes { Self.field($0.count) }
    recorded.forEachTagBytes { event += Self.field($0.count) }
    // Empty data is not written, as everywhere in this version of protobuf.
    if recorded.dataCount > 0 { event += Self.field(recorded.dataCount) }
    if let uuid { event += Self.field(uuid.utf8.count) }
    for entry in metadata { event += Self.field(Self.bytes(of: entry)) }
    eventBytes = event
    var sequenced = 1 + Self.varintBytes(recorded.position.number) + Self.field(event)
    if let tracking { sequenced += Self.field(Self.bytes(of: tracking)) }
    sequencedBytes = sequenced
  }

  /// How many bytes it takes in a response.
  var count: Int { Self.field(sequencedBytes) }

  /// Appends the event to a response.
  func write(into bytes: inout [UInt8]) {
    Self.begin(Field.responseEvents, sequencedBytes, in: &bytes)
    Self.write(Field.sequencedPosition, recorded.position.number, into: &bytes)
    Self.begin(Field.sequencedEvent, eventBytes, in: &bytes)
    recorded.withTypeBytes { Self.write(Field.eventType, $0, into: &bytes) }
    recorded.forEachTagBytes { Self.write(Field.eventTags, $0, into: &bytes) }
    if recorded.dataCount > 0 {
      recorded.withData { Self.write(Field.eventData, $0, into: &bytes) }
    }
    if let uuid { Self.write(Field.eventUUID, uuid, into: &bytes) }
    for entry in metadata {
      Self.begin(Field.eventMetadata, Self.bytes(of: entry), in: &bytes)
      if !entry.key.isEmpty { Self.write(Field.entryKey, entry.key, into: &bytes) }
      if !entry.value.isEmpty { Self.write(Field.entryValue, entry.value, into: &bytes) }
    }
    guard let tracking else { return }
    Self.begin(Field.sequencedTracking, Self.bytes(of: tracking), in: &bytes)
    if !tracking.source.isEmpty { Self.write(Field.trackingSource, tracking.source, into: &bytes) }
    if tracking.position > 0 { Self.write(Field.trackingPosition, tracking.position, into: &bytes) }
  }

  /// Appends the head of a read's response.
  static func write(head: GlobalPosition, into bytes: inout [UInt8]) {
    write(Field.responseHead, head.number, into: &bytes)
  }

  private static func bytes(of entry: (key: String, value: String)) -> Int {
    (entry.key.isEmpty ? 0 : field(entry.key.utf8.count))
      + (entry.value.isEmpty ? 0 : field(entry.value.utf8.count))
  }

  private static func bytes(of tracking: Tracking) -> Int {
    (tracking.source.isEmpty ? 0 : field(tracking.source.utf8.count))
      + (tracking.position == 0 ? 0 : 1 + varintBytes(tracking.position))
  }

  /// Bytes of a field with so much content; every number here is below 16, so its key is one byte.
  private static func field(_ content: Int) -> Int { 1 + varintBytes(UInt64(content)) + content }

  private static func varintBytes(_ value: UInt64) -> Int {
    max(1, (UInt64.bitWidth - value.leadingZeroBitCount + 6) / 7)
  }

  private static func write(_ field: UInt8, _ number: UInt64, into bytes: inout [UInt8]) {
    bytes.append(field << 3)
    varint(number, into: &bytes)
  }

  private static func write(
    _ field: UInt8,
    _ content: UnsafeRawBufferPointer,
    into bytes: inout [UInt8]
  ) {
    begin(field, content.count, in: &bytes)
    bytes.append(contentsOf: content)
  }

  private static func write(_ field: UInt8, _ text: String, into bytes: inout [UInt8]) {
    begin(field, text.utf8.count, in: &bytes)
    bytes.append(contentsOf: text.utf8)
  }

  private static func begin(_ field: UInt8, _ count: Int, in bytes: inout [UInt8]) {
    bytes.append(field << 3 | 2)
    varint(UInt64(count), into: &bytes)
  }

  private static func varint(_ value: UInt64, into bytes: inout [UInt8]) {
    var value = value
    while value >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: value) | 0x80)
      value >>= 7
    }
    bytes.append(UInt8(value))
  }
}

extension RecordedEvent {
  /// The event's metadata, and what the protocol has no field for.
  fileprivate var umaDBMetadata: [(key: String, value: String)] {
    var own: [(key: String, value: String)] = []
    if let stream { own.append((UmaDBKeys.stream, stream.text)) }
    if let revision { own.append((UmaDBKeys.revision, "\(revision)")) }
    if schemaVersion != UmaDBDefaults.schemaVersion {
      own.append((UmaDBKeys.schemaVersion, "\(schemaVersion)"))
    }
    let contentType = contentType
    if contentType != UmaDBDefaults.contentType { own.append((UmaDBKeys.contentType, contentType)) }
    guard metadataCount > 0 else { return own }
    // Keys stay unique: ours stand for the log, whatever a writer of the other protocol called so.
    var all = metadata.entries.map { (key: $0.key, value: $0.value) }
    all.removeAll { entry in own.contains { $0.key == entry.key } }
    return all + own
  }
}
