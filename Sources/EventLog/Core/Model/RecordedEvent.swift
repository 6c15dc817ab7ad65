/// An event as the log recorded it.
///
/// - Shape: a view of stored bytes that all events of a page share; a member is decoded when it
///   is asked for, so that reading a page costs little more than copying it.
/// - Units: `recordedAt` in microseconds; positions from 1, revisions from 0.
public struct RecordedEvent: Sendable {
  // Envelopes were checked when the view was made, so that members need no errors.
  private let page: [UInt8]
  private let start: Int
  private let count: Int

  /// Views one sound envelope inside `page`; the caller has checked it by `Envelope.damage`.
  package init(checked page: [UInt8], start: Int, count: Int) {
    self.page = page
    self.start = start
    self.count = count
  }

  /// Views one whole envelope that comes from outside: its checksum and every length within are
  /// checked, so that no member reads beyond its bytes.
  ///
  /// - Throws: `EventLogError.corrupt` if the bytes are no sound envelope.
  public init(envelope: [UInt8]) throws(EventLogError) {
    let damage = envelope.withUnsafeBytes { bytes in
      Envelope.damage(in: bytes) ?? Envelope.disorder(in: bytes)
    }
    if let damage {
      throw .corrupt(damage, at: nil)
    }
    self.init(checked: envelope, start: 0, count: envelope.count)
  }

  /// Lends the stored bytes, which an export writes and another log takes as they are.
  public func withEnvelope<R>(
    _ body: (UnsafeRawBufferPointer) throws -> R
  ) rethrows -> R {
    let range = start..<(start + count)
    return try page.withUnsafeBytes { bytes in
      try body(UnsafeRawBufferPointer(rebasing: bytes[range]))
    }
  }

  /// A copy of the stored bytes.
  public var envelope: [UInt8] { Array(page[start..<(start + count)]) }

  /// The place in the whole log.
  public var position: GlobalPosition { GlobalPosition(number(at: Envelope.Offset.position)) }
  /// The place in the stream; nil for an event without one.
  public var revision: StreamRevision? {
    hasStream ? StreamRevision(number(at: Envelope.Offset.revision)) : nil
  }
  /// When the log recorded it; never decreases with the position (L25).
  public var recordedAt: Timestamp {
    Timestamp(microseconds: number(at: Envelope.Offset.recordedAt))
  }
  /// The event's identity.
  public var id: EventID {
    EventID(
      high: number(at: Envelope.Offset.id, as: UInt64.self).byteSwapped,
      low: number(at: Envelope.Offset.id + 8, as: UInt64.self).byteSwapped
    )
  }
  /// The version of the type's schema.
  public var schemaVersion: UInt32 { number(at: Envelope.Offset.schemaVersion) }
  /// Whether data and metadata were removed by truncation or tombstone.
  public var isRemoved: Bool { flags & Envelope.Flag.removed != 0 }
  /// What happened.
  public var type: EventType { EventType(text(typeRange)) }
  /// The stream; nil for an event without one.
  public var stream: StreamName? {
    guard hasStream else { return nil }
    let name = StreamName(text(streamRange))
    return flags & Envelope.Flag.control != 0 ? name.control : name
  }
  /// The media type of the data.
  public var contentType: String { text(contentTypeRange) }
  /// The payload.
  public var data: [UInt8] { Array(page[dataRange]) }
  /// How many bytes the payload has.
  public var dataCount: Int { Int(number(at: Envelope.Offset.dataLength, as: UInt32.self)) }

  /// Lends the payload without copying it.
  public func withData<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
    let range = dataRange
    return try page.withUnsafeBytes { bytes in
      try body(UnsafeRawBufferPointer(rebasing: bytes[range]))
    }
  }

  /// What conditions and queries find the event by, in the order given.
  public var tags: [Tag] {
    var tags: [Tag] = []
    tags.reserveCapacity(Int(page[start + Envelope.Offset.tagCount]))
    forEachTag { range in
      tags.append(Tag(text(range)))
      return true
    }
    return tags
  }

  /// Correlation, causation, actor and the like, in the order given.
  public var metadata: Metadata {
    var entries: [Metadata.Entry] = []
    forEachMetadata { key, value in
      entries.append(Metadata.Entry(key: text(key), value: text(value)))
      return true
    }
    return Metadata(entries)
  }

  /// Whether the metadata has this value under a key, without decoding a text.
  package func hasMetadata(_ key: String, _ value: String) -> Bool {
    var isFound = false
    forEachMetadata { range, found in
      guard isEqual(range, key) else { return true }
      isFound = isEqual(found, value)
      return false
    }
    return isFound
  }

  /// How many entries the metadata has.
  package var metadataCount: Int { Int(page[start + Envelope.Offset.metadataCount]) }

  /// Lends the bytes of the type without making a text of them.
  package func withTypeBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
    let range = typeRange
    return try page.withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0[range])) }
  }

  /// Whether type, stream, tags and tracking source are UTF-8, as indexes take them to be; what comes
  /// from outside may not be.
  package var hasTextualNames: Bool {
    func isText(_ range: Range<Int>) -> Bool {
      String(validating: page[range], as: UTF8.self) != nil
    }
    guard isText(typeRange), isText(streamRange), isText(sourceRange) else { return false }
    var areTexts = true
    forEachTag { range in
      areTexts = isText(range)
      return areTexts
    }
    return areTexts
  }

  /// Lends the bytes of each tag, in the order given.
  package func forEachTagBytes(_ body: (UnsafeRawBufferPointer) -> Void) {
    page.withUnsafeBytes { bytes in
      forEachTag { range in
        body(UnsafeRawBufferPointer(rebasing: bytes[range]))
        return true
      }
    }
  }

  /// The mark that was recorded in the same commit; nil if there was none.
  public var tracking: Tracking? {
    guard flags & Envelope.Flag.tracking != 0 else { return nil }
    let source = sourceRange
    let position = page.withUnsafeBytes { $0.littleEndian(UInt64.self, at: source.upperBound) }
    return Tracking(source: text(source), position: position)
  }

  /// The id that a foreign protocol gave, where the log assigned another one.
  public var givenID: EventID? {
    guard flags & Envelope.Flag.givenID != 0 else { return nil }
    let end = dataRange.lowerBound
    return EventID(bytes: page[(end - 16)..<end])
  }

  /// The id as whoever appended the event gave it; nil where the choice was left to the log.
  public var callerID: EventID? {
    givenID ?? (flags & Envelope.Flag.chosenID != 0 ? nil : id)
  }

  /// Whether the event matches, without decoding a text (law L10, L11).
  public func matches(_ query: EventQuery) -> Bool {
    query.items.isEmpty
      || query.items.contains { item in
        (item.types.isEmpty || item.types.contains { isEqual(typeRange, $0.text) })
          && item.tags.allSatisfy(hasTag)
      }
  }

  /// Whether the event bears `tag`.
  public func hasTag(_ tag: Tag) -> Bool {
    var isFound = false
    forEachTag { range in
      isFound = isEqual(range, tag.text)
      return !isFound
    }
    return isFound
  }

  /// The same event without data and metadata, as reads show it after truncation or tombstone.
  package var removed: RecordedEvent {
    var bytes = Array(page[start..<tagsEnd])
    let tail = page[metadataEnd..<dataRange.lowerBound]
    bytes.append(contentsOf: tail)
    bytes.append(contentsOf: [0, 0, 0, 0])
    bytes[Envelope.Offset.flags] |= Envelope.Flag.removed
    bytes[Envelope.Offset.metadataCount] = 0
    for offset in 0..<4 {
      bytes[Envelope.Offset.dataLength + offset] = 0
      bytes[Envelope.Offset.metadataLength + offset] = 0
    }
    bytes.withUnsafeMutableBytes {
      Envelope.stamp($0, position: position, revision: revision, recordedAt: recordedAt)
    }
    return RecordedEvent(checked: bytes, start: 0, count: bytes.count)
  }
}

// Where things lie inside the page.
extension RecordedEvent {
  private var flags: UInt8 { page[start + Envelope.Offset.flags] }
  private var hasStream: Bool { flags & Envelope.Flag.stream != 0 }
  private var typeRange: Range<Int> {
    let begin = start + Envelope.Offset.type
    return begin..<(begin + Int(page[start + Envelope.Offset.typeLength]))
  }
  private var streamRange: Range<Int> {
    let begin = typeRange.upperBound
    return begin..<(begin + Int(page[start + Envelope.Offset.streamLength]))
  }
  private var contentTypeRange: Range<Int> {
    let begin = streamRange.upperBound
    return begin..<(begin + Int(page[start + Envelope.Offset.contentTypeLength]))
  }
  private var tagsEnd: Int {
    contentTypeRange.upperBound + Int(number(at: Envelope.Offset.tagsLength, as: UInt32.self))
  }
  private var metadataEnd: Int {
    tagsEnd + Int(number(at: Envelope.Offset.metadataLength, as: UInt32.self))
  }
  /// Empty where nothing is tracked.
  private var sourceRange: Range<Int> {
    let begin = metadataEnd
    guard flags & Envelope.Flag.tracking != 0 else { return begin..<begin }
    return begin..<(begin + Int(page[start + Envelope.Offset.sourceLength]))
  }
  private var dataRange: Range<Int> {
    let end = start + count - Envelope.checksumBytes
    return (end - dataCount)..<end
  }

  private func number<Number: FixedWidthInteger>(
    at offset: Int,
    as type: Number.Type = Number.self
  ) -> Number {
    page.withUnsafeBytes { $0.littleEndian(type, at: start + offset) }
  }

  private func text(_ range: Range<Int>) -> String {
    page.withUnsafeBytes { String(decoding: $0[range], as: UTF8.self) }
  }

  private func isEqual(_ range: Range<Int>, _ text: String) -> Bool {
    guard text.utf8.count == range.count else { return false }
    return page.withUnsafeBytes { bytes in bytes[range].elementsEqual(text.utf8) }
  }

  /// Visits the bytes of each key and value of the metadata until `visit` answers false.
  private func forEachMetadata(_ visit: (Range<Int>, Range<Int>) -> Bool) {
    var index = tagsEnd
    for _ in 0..<page[start + Envelope.Offset.metadataCount] {
      let key = (index + 1)..<(index + 1 + Int(page[index]))
      let length = page.withUnsafeBytes { $0.littleEndian(UInt32.self, at: key.upperBound) }
      let value = (key.upperBound + 4)..<(key.upperBound + 4 + Int(length))
      guard visit(key, value) else { return }
      index = value.upperBound
    }
  }

  /// Visits the bytes of each tag until `visit` answers false.
  private func forEachTag(_ visit: (Range<Int>) -> Bool) {
    var index = contentTypeRange.upperBound
    for _ in 0..<page[start + Envelope.Offset.tagCount] {
      let range = (index + 1)..<(index + 1 + Int(page[index]))
      guard visit(range) else { return }
      index = range.upperBound
    }
  }
}

extension RecordedEvent: Hashable {
  /// Equal when the stored bytes are.
  public static func == (left: RecordedEvent, right: RecordedEvent) -> Bool {
    left.withEnvelope { mine in right.withEnvelope { mine.elementsEqual($0) } }
  }

  /// Feeds the stored bytes.
  public func hash(into hasher: inout Hasher) {
    withEnvelope { hasher.combine(bytes: $0) }
  }
}
