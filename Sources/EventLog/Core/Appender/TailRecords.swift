internal import Glibc

// What the tail keeps of an event beside its id, in chunks of bytes:
//
//   offset  bytes  field
//        0      8  revision
//        8      4  length of type, length of stream, count of tags, flags (as in the envelope)
//       12      4  length of the tags' bytes
//       16     24  hash of the type, position of the event before that bears it (0: none)
//       40   24 n  the same for each tag
//        …      …  type · stream · tags, as in the envelope
//
// Links to events before are filled in when the first condition asks (see RecentTail). Chunks come
// and go as the tail moves, so that it takes the memory of what it holds and no more.

/// Records of events, oldest first.
struct TailRecords: Sendable {
  struct Place: Sendable {
    fileprivate let chunk: UInt32
    fileprivate let offset: UInt32
    static let none = Place(chunk: 0, offset: 0)
  }

  /// What a link's hash is of.
  enum Bearer { case type, tag(Int) }

  private enum Offset {
    static let typeLength = 8
    static let streamLength = 9
    static let tagCount = 10
    static let flags = 11
    static let tagsLength = 12
    static let links = 16
  }

  /// Bytes of a link: a hash and a position.
  private static let linkBytes = 24
  /// Bytes of a chunk: larger than the largest record, small beside the tail's bound.
  private static let chunkBytes = 256 << 10

  private var chunks: [[UInt8]] = []
  /// The number of the first chunk; numbers go on for ever.
  private var firstChunk: UInt32 = 0
  /// Where the next record begins in the last chunk.
  private var end = chunkBytes

  /// Bytes of all chunks.
  var byteCount: Int { chunks.count * Self.chunkBytes }

  /// Adds the record of an event that is stamped.
  mutating func append(
    _ event: PreparedEvent,
    _ tagHashes: [TextHash],
    _ envelope: UnsafeRawBufferPointer
  ) -> Place {
    let texts =
      Int(envelope[Envelope.Offset.typeLength]) + Int(envelope[Envelope.Offset.streamLength])
    let tags = Envelope.tags(of: envelope)
    let links = 1 + event.tags.count
    let textsAt = Offset.links + links * Self.linkBytes
    // Rounded up, so that numbers lie where a processor likes them.
    let length = (textsAt + texts + tags.count + 7) & ~7
    if end + length > Self.chunkBytes {
      chunks.append([UInt8](repeating: 0, count: Self.chunkBytes))
      end = 0
    }
    let begin = end
    end += length
    chunks[chunks.count - 1].withUnsafeMutableBytes { chunk in
      guard let base = chunk.baseAddress, let source = envelope.baseAddress else { return }
      let record = base + begin
      record.storeBytes(of: event.revision, as: UInt64.self)
      record.storeBytes(
        of: envelope[Envelope.Offset.typeLength],
        toByteOffset: Offset.typeLength,
        as: UInt8.self
      )
      record.storeBytes(
        of: envelope[Envelope.Offset.streamLength],
        toByteOffset: Offset.streamLength,
        as: UInt8.self
      )
      record.storeBytes(
        of: envelope[Envelope.Offset.tagCount],
        toByteOffset: Offset.tagCount,
        as: UInt8.self
      )
      record.storeBytes(
        of: envelope[Envelope.Offset.flags],
        toByteOffset: Offset.flags,
        as: UInt8.self
      )
      record.storeBytes(of: UInt32(tags.count), toByteOffset: Offset.tagsLength, as: UInt32.self)
      var link = record + Offset.links
      Self.store(event.typeHash, at: link)
      for index in event.tags {
        link += Self.linkBytes
        Self.store(tagHashes[Int(index)], at: link)
      }
      memcpy(record + textsAt, source + Envelope.Offset.type, texts)
      if let first = tags.baseAddress { memcpy(record + textsAt + texts, first, tags.count) }
    }
    return Place(chunk: firstChunk &+ UInt32(chunks.count - 1), offset: UInt32(begin))
  }

  /// Frees what lies before `place`, in whole chunks; everything if there is none.
  mutating func drop(before place: Place?) {
    let gone = place.map { Int($0.chunk &- firstChunk) } ?? chunks.count
    guard gone > 0 else { return }
    chunks.removeFirst(gone)
    firstChunk &+= UInt32(gone)
    if chunks.isEmpty { end = Self.chunkBytes }
  }

  private static func store(_ hash: TextHash, at link: UnsafeMutableRawPointer) {
    link.storeBytes(of: hash.high, as: UInt64.self)
    link.storeBytes(of: hash.low, toByteOffset: 8, as: UInt64.self)
    link.storeBytes(of: 0, toByteOffset: 16, as: UInt64.self)
  }
}

// Reading and linking.
extension TailRecords {
  /// How many links a record has: one for its type, one for each tag.
  func linkCount(at place: Place) -> Int {
    with(place) { 1 + Int($0[Offset.tagCount]) }
  }

  /// Hash and position of one link.
  func link(_ index: Int, at place: Place) -> (hash: TextHash, previous: UInt64) {
    with(place) { Self.link(index, $0) }
  }

  /// Sets the position of one link.
  mutating func setLink(_ index: Int, at place: Place, previous: UInt64) {
    let offset = Int(place.offset) + Offset.links + index * Self.linkBytes + 16
    chunks[Int(place.chunk &- firstChunk)].withUnsafeMutableBytes {
      $0.storeBytes(of: previous, toByteOffset: offset, as: UInt64.self)
    }
  }

  /// The event before that bears `hash`; 0 if there is none.
  func previous(_ hash: TextHash, at place: Place) -> UInt64 {
    with(place) { record in
      for index in 0...Int(record[Offset.tagCount]) {
        let link = Self.link(index, record)
        if link.hash == hash { return link.previous }
      }
      return 0
    }
  }

  /// Compares bytes: two texts with one hash never stand for each other (law L11).
  func matches(_ item: PreparedCondition.Item, at place: Place) -> Bool {
    with(place) { record in
      let (type, tags) = Self.typeAndTags(of: record)
      return QueryMatcher.matches(item.texts, type, tags)
    }
  }

  /// Whether the event matches a query.
  func matches(_ matcher: inout QueryMatcher, at place: Place) -> Bool {
    with(place) { record in
      let (type, tags) = Self.typeAndTags(of: record)
      return matcher.matches(type: type, tags: tags)
    }
  }

  /// The event as the judgement of repeats wants it.
  func known(at place: Place, position: UInt64) -> KnownEvent {
    with(place) { record in
      let begin = Self.texts(of: record)
      let typeLength = Int(record[Offset.typeLength])
      let flags = record[Offset.flags]
      var stream: StreamName?
      if flags & Envelope.Flag.stream != 0 {
        let name = Self.part(record, begin + typeLength, Int(record[Offset.streamLength]))
        stream = StreamName(String(decoding: name, as: UTF8.self))
        if flags & Envelope.Flag.control != 0 { stream = stream?.control }
      }
      return KnownEvent(
        position: position,
        stream: stream.map { NameKey($0) },
        revision: stream == nil ? nil : record.loadUnaligned(as: UInt64.self),
        type: EventType(String(decoding: Self.part(record, begin, typeLength), as: UTF8.self))
      )
    }
  }

  private func with<R>(_ place: Place, _ body: (UnsafeRawBufferPointer) -> R) -> R {
    chunks[Int(place.chunk &- firstChunk)].withUnsafeBytes { chunk in
      body(UnsafeRawBufferPointer(rebasing: chunk[Int(place.offset)...]))
    }
  }

  private static func link(
    _ index: Int,
    _ record: UnsafeRawBufferPointer
  ) -> (hash: TextHash, previous: UInt64) {
    let offset = Offset.links + index * linkBytes
    let hash = TextHash(
      high: record.loadUnaligned(fromByteOffset: offset, as: UInt64.self),
      low: record.loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self)
    )
    return (hash, record.loadUnaligned(fromByteOffset: offset + 16, as: UInt64.self))
  }

  private static func texts(of record: UnsafeRawBufferPointer) -> Int {
    Offset.links + (1 + Int(record[Offset.tagCount])) * linkBytes
  }

  /// The type, and the tags, each of them behind its length.
  private static func typeAndTags(
    of record: UnsafeRawBufferPointer
  ) -> (type: UnsafeRawBufferPointer, tags: UnsafeRawBufferPointer) {
    let type = texts(of: record)
    let stream = type + Int(record[Offset.typeLength])
    let tags = stream + Int(record[Offset.streamLength])
    let length = record.loadUnaligned(fromByteOffset: Offset.tagsLength, as: UInt32.self)
    return (part(record, type, stream - type), part(record, tags, Int(length)))
  }

  private static func part(
    _ record: UnsafeRawBufferPointer,
    _ begin: Int,
    _ count: Int
  ) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: record[begin..<(begin + count)])
  }
}
