internal import EventLogCore
internal import GRPCCore

/// Where the bounded repeated fields of a request are in its encoded bytes.
///
/// An event without contents is two bytes on the wire and many times as many once it is decoded. So
/// numbers are kept within their limits before a request is decoded; lengths are checked after.
final class WireShape: Sendable {
  /// A length-delimited field that is looked at.
  struct Field: Sendable {
    /// What one occurrence counts as; nil for a message that is there once.
    let bound: WireBound?
    /// The shape of the messages in it; nil where they hold nothing that is bounded.
    let inner: WireShape?

    /// A repeated field.
    static func each(_ bound: WireBound, _ inner: WireShape? = nil) -> Field {
      Field(bound: bound, inner: inner)
    }

    /// A message that is there once, though it may come in several pieces.
    static func one(_ inner: WireShape) -> Field { Field(bound: nil, inner: inner) }
  }

  // By number. No dictionary, since every append passes here.
  private let fields: [Field?]
  /// What begins anew with each message of this shape that is an element of a repeated field.
  fileprivate let ownBounds: [WireBound]

  /// Makes one of fields by their numbers.
  init(_ fields: [Int: Field]) {
    let last = fields.keys.max() ?? 0
    self.fields = (0...last).map { fields[$0] }
    ownBounds = fields.values.compactMap { $0.bound }.filter { $0.scope != .request }
  }

  fileprivate subscript(number: UInt64) -> Field? {
    guard number < UInt64(fields.count) else { return nil }
    return fields[Int(number)]
  }

  /// The first number past its limit, as `.tooLarge`; `actual` is where counting stopped.
  ///
  /// Nil also where malformed bytes end the walk: the decoder refuses them there or before, having
  /// decoded no more than was counted.
  func excess(in bytes: UnsafeRawBufferPointer) -> EventLogError? {
    var walk = WireWalk()
    do throws(WireStop) {
      try walk.pass(bytes, as: self)
      return nil
    } catch {
      guard case .excess(let excess) = error else { return nil }
      return excess
    }
  }

  /// The first number past its limit in an encoded request.
  func excess(in message: [UInt8]) -> EventLogError? {
    message.withUnsafeBytes { bytes in excess(in: bytes) }
  }
}

/// What is counted in requests: the names and limits that they are validated by.
enum WireBound: Int {
  // `WireWalk` has a counter for each.
  case parts, events, tags, entries, items, types, queryTags, criteriaTypes, criteriaTags

  /// What one count spans.
  enum Scope {
    case request, event, item
  }

  var scope: Scope {
    switch self {
    case .parts, .events, .items, .criteriaTypes, .criteriaTags: .request
    case .tags, .entries: .event
    case .types, .queryTags: .item
    }
  }

  /// As errors name it.
  var name: String {
    switch self {
    case .parts: "parts"
    case .events: "events"
    case .tags: "tags"
    case .entries: "metadata entries"
    case .items: "query items"
    case .types: "query types"
    case .queryTags: "query tags"
    case .criteriaTypes: "types"
    case .criteriaTags: "tags"
    }
  }

  var limit: Int {
    switch self {
    case .parts: EventLogLimits.requestParts
    case .events: EventLogLimits.requestEvents
    case .tags: EventLogLimits.tags
    case .entries: EventLogLimits.metadataEntries
    case .items: EventLogLimits.queryItems
    case .types: EventLogLimits.queryTypes
    case .queryTags: EventLogLimits.queryTags
    case .criteriaTypes, .criteriaTags: AuditLimits.names
    }
  }
}

extension WireShape {
  /// The shape of a call's requests; nil for those that hold nothing repeated.
  static func of(_ method: MethodDescriptor) -> WireShape? {
    byMethod[method.fullyQualifiedMethod]
  }

  private static let byMethod: [String: WireShape] = [
    "umadb.v1.DCB/Append": UmaDBShapes.append,
    "umadb.v1.DCB/Read": UmaDBShapes.reading,
    "umadb.v1.DCB/Subscribe": UmaDBShapes.reading,
    "wordweave.events.v1.EventLog/Append": LogShapes.append,
    "wordweave.events.v1.EventLog/ReadAll": LogShapes.reading,
    "wordweave.events.v1.EventLog/ReadAllPage": LogShapes.reading,
    "wordweave.events.v1.EventLog/Subscribe": LogShapes.reading,
    "wordweave.events.v1.Cluster/Append": LogShapes.forwarded,
    "wordweave.events.v1.Streams/SetMetadata": LogShapes.note,
    "wordweave.events.v1.Replays/Start": LogShapes.replay,
    "wordweave.events.v1.Audit/Search": LogShapes.question,
    "wordweave.events.v1.Audit/Export": LogShapes.question,
  ]

  /// An alternative of a query: the same in both protocols.
  fileprivate static let queryItem = WireShape([1: .each(.types), 2: .each(.queryTags)])
}

/// The requests of `umadb.v1`, by the numbers of its schema.
private enum UmaDBShapes {
  static let query = WireShape([1: .each(.items, WireShape.queryItem)])
  static let event = WireShape([2: .each(.tags), 5: .each(.entries)])
  static let append = WireShape([
    1: .each(.events, event),
    2: .one(WireShape([1: .one(query)])),
  ])
  /// Both `ReadRequest` and `SubscribeRequest`.
  static let reading = WireShape([1: .one(query)])
}

/// The requests of `wordweave.events.v1`, by the numbers of its schemas.
private enum LogShapes {
  static let event = WireShape([6: .each(.tags), 7: .each(.entries)])
  static let append = WireShape([
    1: .each(.parts, WireShape([3: .each(.events, event)])),
    2: .one(WireShape([1: .each(.items, WireShape.queryItem)])),
  ])
  static let forwarded = WireShape([1: .one(append)])
  /// Both `ReadAllRequest` and `SubscribeRequest`.
  static let reading = WireShape([2: .each(.items, WireShape.queryItem)])
  static let note = WireShape([2: .one(WireShape([1: .each(.entries)]))])
  static let replay = WireShape([4: .each(.types), 5: .each(.queryTags)])
  /// Both `AuditSearchRequest` and `AuditExportRequest`.
  static let question = WireShape([
    1: .one(WireShape([4: .each(.criteriaTypes), 5: .each(.criteriaTags)]))
  ])
}

/// Why a walk ends early.
private enum WireStop: Error {
  /// The decoder gets no further either.
  case malformed
  case excess(EventLogError)
}

/// Counts along the bytes of one request.
private struct WireWalk {
  // One for each `WireBound`. Elements of a kind never hold each other, so one counter serves all.
  private var counts = InlineArray<9, Int>(repeating: 0)

  /// Passes over one message; goes no deeper than the shapes do.
  mutating func pass(
    _ bytes: UnsafeRawBufferPointer,
    as shape: WireShape
  ) throws(WireStop) {
    var cursor = WireCursor(bytes)
    while !cursor.isAtEnd {
      let tag = try cursor.varint()
      guard tag & 7 == WireType.delimited.rawValue, let field = shape[tag >> 3] else {
        try cursor.skipValue(of: tag)
        continue
      }
      let contents = try cursor.contents()
      if let bound = field.bound { try add(bound) }
      guard let inner = field.inner else { continue }
      // Pieces of a message that is there once are merged, so their counts go on.
      if field.bound != nil { restart(inner.ownBounds) }
      try pass(contents, as: inner)
    }
  }

  private mutating func add(_ bound: WireBound) throws(WireStop) {
    let count = counts[bound.rawValue] + 1
    counts[bound.rawValue] = count
    guard count > bound.limit else { return }
    throw .excess(
      .tooLarge(
        field: bound.name,
        eventIndex: bound.scope == .event ? eventIndex : nil,
        limit: bound.limit,
        actual: count
      )
    )
  }

  private mutating func restart(_ bounds: [WireBound]) {
    for bound in bounds { counts[bound.rawValue] = 0 }
  }

  /// The event that the walk is in; nil outside events.
  private var eventIndex: Int? {
    let count = counts[WireBound.events.rawValue]
    return count > 0 ? count - 1 : nil
  }
}

/// How the value behind a tag is encoded.
private enum WireType: UInt64 {
  case varint = 0
  case fixed64 = 1
  case delimited = 2
  case groupStart = 3
  case groupEnd = 4
  case fixed32 = 5
}

/// A place in encoded bytes.
///
/// It must not refuse what the decoder takes: what it does not see is not counted.
private struct WireCursor {
  private let bytes: UnsafeRawBufferPointer
  private var place = 0

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  var isAtEnd: Bool { place >= bytes.count }

  /// The next number.
  ///
  /// As the decoder has it: ten bytes at most, and of the tenth the lowest bit alone.
  mutating func varint() throws(WireStop) -> UInt64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while place < bytes.count, shift < 64 {
      let byte = bytes[place]
      place += 1
      value |= UInt64(byte & 0x7F) &<< shift
      if byte < 0x80 { return value }
      shift += 7
    }
    throw .malformed
  }

  /// The bytes that come next, with their length in front.
  mutating func contents() throws(WireStop) -> UnsafeRawBufferPointer {
    let count = try varint()
    let start = place
    try skip(count)
    return UnsafeRawBufferPointer(rebasing: bytes[start..<place])
  }

  /// Passes over the value of a field.
  ///
  /// Groups too, in a loop: the decoder keeps them as unknown fields, and one must not hide what
  /// comes behind it. Whether the ends fit the beginnings is the decoder's to say.
  mutating func skipValue(of tag: UInt64) throws(WireStop) {
    var tag = tag
    var depth = 0
    while true {
      guard let type = WireType(rawValue: tag & 7) else { throw .malformed }
      switch type {
      case .groupStart: depth += 1
      case .groupEnd: depth -= 1
      case .varint, .fixed64, .delimited, .fixed32: try skipScalar(type)
      }
      guard depth >= 0 else { throw .malformed }
      guard depth > 0 else { return }
      tag = try varint()
    }
  }

  private mutating func skipScalar(_ type: WireType) throws(WireStop) {
    switch type {
    case .varint: _ = try varint()
    case .fixed64: try skip(8)
    case .fixed32: try skip(4)
    case .delimited:
      let count = try varint()
      try skip(count)
    case .groupStart, .groupEnd: throw .malformed
    }
  }

  private mutating func skip(_ count: UInt64) throws(WireStop) {
    guard count <= UInt64(bytes.count - place) else { throw .malformed }
    place += Int(count)
  }
}
