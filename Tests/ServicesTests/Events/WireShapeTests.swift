import EventLogConformance
import EventLogCore
import Foundation
import GRPCCore
import Schemas
import SwiftProtobuf
import Testing

@testable import EventsService

/// Numbers are kept within their limits before a request is decoded.
@Suite(.timeLimit(.minutes(2))) struct WireShapeTests {
  private typealias UmaAppend = Umadb_V1_AppendRequest
  private typealias UmaRead = Umadb_V1_ReadRequest
  private typealias UmaSubscribe = Umadb_V1_SubscribeRequest
  private typealias Append = Wordweave_Events_V1_AppendRequest
  private typealias ReadAll = Wordweave_Events_V1_ReadAllRequest
  private typealias Subscribe = Wordweave_Events_V1_SubscribeRequest
  private typealias Forwarded = Wordweave_Events_V1_ForwardedAppendRequest
  private typealias SetMetadata = Wordweave_Events_V1_SetMetadataRequest
  private typealias StartReplay = Wordweave_Events_V1_StartReplayRequest
  private typealias Search = Wordweave_Events_V1_AuditSearchRequest
  private typealias Export = Wordweave_Events_V1_AuditExportRequest

  private static let umaAppend = "umadb.v1.DCB/Append"
  private static let logAppend = "wordweave.events.v1.EventLog/Append"

  /// A limit, and requests that have so many of what it bounds.
  private struct Bounded {
    let call: String
    let field: String
    let limit: Int
    let event: Int?
    let request: (Int) -> any Message

    init<M: Message>(
      _ call: String,
      _ field: String,
      _ limit: Int,
      event: Int? = nil,
      _ fill: @escaping (inout M, Int) -> Void
    ) {
      self.call = call
      self.field = field
      self.limit = limit
      self.event = event
      request = { count in
        var filled = M()
        fill(&filled, count)
        return filled
      }
    }

    func excess(_ count: Int) throws -> EventLogError? {
      let bytes: [UInt8] = try request(count).serializedBytes()
      return try WireShapeTests.shape(call).excess(in: bytes)
    }

    var error: EventLogError {
      .tooLarge(field: field, eventIndex: event, limit: limit, actual: limit + 1)
    }
  }

  private static func shape(_ call: String) throws -> WireShape {
    try #require(WireShape.of(method(call)), "\(call)")
  }

  private static func method(_ call: String) -> MethodDescriptor {
    let names = call.split(separator: "/").map { String($0) }
    return MethodDescriptor(fullyQualifiedService: names[0], method: names[1])
  }

  private static func texts(_ count: Int) -> [String] { Array(repeating: "t", count: count) }

  private static var umaBounds: [Bounded] {
    let limits = EventLogLimits.self
    let read = "umadb.v1.DCB/Read"
    let subscribe = "umadb.v1.DCB/Subscribe"
    return [
      Bounded(umaAppend, "events", limits.requestEvents) { (it: inout UmaAppend, count: Int) in
        it.events = Array(repeating: Umadb_V1_Event(), count: count)
      },
      Bounded(umaAppend, "tags", limits.tags, event: 2) { (it: inout UmaAppend, count: Int) in
        it.events = Array(repeating: Umadb_V1_Event(), count: 4)
        // Those of the event before do not count.
        it.events[1].tags = texts(limits.tags)
        it.events[2].tags = texts(count)
      },
      Bounded(umaAppend, "metadata entries", limits.metadataEntries, event: 1) {
        (it: inout UmaAppend, count: Int) in
        it.events = Array(repeating: Umadb_V1_Event(), count: 2)
        it.events[0].metadata = [Umadb_V1_MetadataEntry()]
        it.events[1].metadata = Array(repeating: Umadb_V1_MetadataEntry(), count: count)
      },
      Bounded(umaAppend, "query items", limits.queryItems) { (it: inout UmaAppend, count: Int) in
        it.condition.failIfEventsMatch.items = umaItems(count)
      },
      Bounded(umaAppend, "query types", limits.queryTypes) { (it: inout UmaAppend, count: Int) in
        it.condition.failIfEventsMatch.items = umaItems(2)
        it.condition.failIfEventsMatch.items[0].types = texts(limits.queryTypes)
        it.condition.failIfEventsMatch.items[1].types = texts(count)
      },
      Bounded(umaAppend, "query tags", limits.queryTags) { (it: inout UmaAppend, count: Int) in
        it.condition.failIfEventsMatch.items = umaItems(2)
        it.condition.failIfEventsMatch.items[0].types = texts(limits.queryTypes)
        it.condition.failIfEventsMatch.items[1].tags = texts(count)
      },
      Bounded(read, "query items", limits.queryItems) { (it: inout UmaRead, count: Int) in
        it.query.items = umaItems(count)
      },
      Bounded(read, "query types", limits.queryTypes) { (it: inout UmaRead, count: Int) in
        it.query.items = umaItems(1)
        it.query.items[0].types = texts(count)
      },
      Bounded(read, "query tags", limits.queryTags) { (it: inout UmaRead, count: Int) in
        it.query.items = umaItems(1)
        it.query.items[0].tags = texts(count)
      },
      Bounded(subscribe, "query items", limits.queryItems) {
        (it: inout UmaSubscribe, count: Int) in it.query.items = umaItems(count)
      },
    ]
  }

  private static func umaItems(_ count: Int) -> [Umadb_V1_QueryItem] {
    Array(repeating: Umadb_V1_QueryItem(), count: count)
  }

  /// Appends that are sound but for what they have too many of.
  private static var logBounds: [Bounded] {
    let limits = EventLogLimits.self
    return [
      Bounded(logAppend, "parts", limits.requestParts) { (it: inout Append, count: Int) in
        it = append(parts: count)
      },
      // Over all parts.
      Bounded(logAppend, "events", limits.requestEvents) { (it: inout Append, count: Int) in
        it = append(parts: 2)
        let event = it.parts[0].events[0]
        it.parts[1].events = Array(repeating: event, count: count - 1)
      },
      Bounded(logAppend, "tags", limits.tags, event: 1) { (it: inout Append, count: Int) in
        it = append(parts: 3)
        it.parts[0].events[0].tags = texts(limits.tags)
        it.parts[1].events[0].tags = texts(count)
      },
      Bounded(logAppend, "metadata entries", limits.metadataEntries, event: 2) {
        (it: inout Append, count: Int) in
        it = append(parts: 3)
        it.parts[2].events[0].metadata = entries(count)
      },
      Bounded(logAppend, "query items", limits.queryItems) { (it: inout Append, count: Int) in
        it = append(parts: 1)
        it.condition.failIfMatches = items(count)
      },
      Bounded(logAppend, "query types", limits.queryTypes) { (it: inout Append, count: Int) in
        it = append(parts: 1)
        it.condition.failIfMatches = items(2)
        it.condition.failIfMatches[0].types = texts(limits.queryTypes)
        it.condition.failIfMatches[1].types = texts(count)
      },
      Bounded(logAppend, "query tags", limits.queryTags) { (it: inout Append, count: Int) in
        it = append(parts: 1)
        it.condition.failIfMatches = items(1)
        it.condition.failIfMatches[0].tags = texts(count)
      },
    ]
  }

  private static var otherBounds: [Bounded] {
    let limits = EventLogLimits.self
    let names = AuditLimits.names
    let api = "wordweave.events.v1."
    return [
      Bounded(api + "EventLog/ReadAll", "query items", limits.queryItems) {
        (it: inout ReadAll, count: Int) in it.items = items(count)
      },
      Bounded(api + "EventLog/ReadAllPage", "query types", limits.queryTypes) {
        (it: inout ReadAll, count: Int) in
        it.items = items(1)
        it.items[0].types = texts(count)
      },
      Bounded(api + "EventLog/Subscribe", "query items", limits.queryItems) {
        (it: inout Subscribe, count: Int) in it.items = items(count)
      },
      Bounded(api + "Cluster/Append", "parts", limits.requestParts) {
        (it: inout Forwarded, count: Int) in it.request = append(parts: count)
      },
      Bounded(api + "Cluster/Append", "tags", limits.tags, event: 0) {
        (it: inout Forwarded, count: Int) in
        it.request = append(parts: 1)
        it.request.parts[0].events[0].tags = texts(count)
      },
      Bounded(api + "Streams/SetMetadata", "metadata entries", limits.metadataEntries) {
        (it: inout SetMetadata, count: Int) in it.metadata.entries = entries(count)
      },
      Bounded(api + "Replays/Start", "query types", limits.queryTypes) {
        (it: inout StartReplay, count: Int) in it.types = texts(count)
      },
      Bounded(api + "Replays/Start", "query tags", limits.queryTags) {
        (it: inout StartReplay, count: Int) in it.tags = texts(count)
      },
      Bounded(api + "Audit/Search", "types", names) {
        (it: inout Search, count: Int) in it.criteria.types = texts(count)
      },
      Bounded(api + "Audit/Export", "tags", names) {
        (it: inout Export, count: Int) in it.criteria.tags = texts(count)
      },
    ]
  }

  private static func append(parts count: Int) -> Append {
    var event = Wordweave_Events_V1_NewEvent()
    event.type = "Happened"
    var request = Append()
    request.parts = (0..<count).map { index in
      var part = Wordweave_Events_V1_StreamAppend()
      part.stream = "s\(index)"
      part.events = [event]
      return part
    }
    return request
  }

  private static func items(_ count: Int) -> [Wordweave_Events_V1_QueryItem] {
    Array(repeating: Wordweave_Events_V1_QueryItem(), count: count)
  }

  private static func entries(_ count: Int) -> [Wordweave_Events_V1_MetadataEntry] {
    (0..<count).map { index in
      var entry = Wordweave_Events_V1_MetadataEntry()
      entry.key = "k\(index)"
      return entry
    }
  }

  @Test func whatIsAtALimitPassesAndOneMoreIsTold() throws {
    for bounded in Self.umaBounds + Self.logBounds + Self.otherBounds {
      let what = "\(bounded.field) of \(bounded.call)"
      for count in [1, bounded.limit - 1, bounded.limit] {
        #expect(try bounded.excess(count) == nil, "\(count) \(what)")
      }
      for count in [bounded.limit + 1, bounded.limit * 2] {
        #expect(try bounded.excess(count) == bounded.error, "\(count) \(what)")
      }
    }
  }

  @Test func theSameIsToldAsOfADecodedRequest() throws {
    for bounded in Self.logBounds {
      let request = try #require(bounded.request(bounded.limit + 1) as? Append)
      #expect(throws: bounded.error, "\(bounded.field)") { try AppendRequest(request).validate() }
    }
  }

  @Test func callsWithoutRepeatedFieldsHaveNoShape() {
    for call in [
      "wordweave.events.v1.Transfer/Import", "wordweave.events.v1.Transfer/Restore",
      "wordweave.events.v1.Cluster/Restore", "wordweave.events.v1.EventLog/Head",
      "grpc.health.v1.Health/Check", "some.v1.Other/Append",
    ] {
      #expect(WireShape.of(Self.method(call)) == nil, "\(call)")
    }
  }

  /// Events without contents, and the error of one too many.
  private static func emptyEvents(_ count: Int) -> [UInt8] {
    (0..<count).flatMap { _ in [0x0A, 0x00] as [UInt8] }
  }

  private static let tooMany = EventLogError.tooLarge(
    field: "events",
    eventIndex: nil,
    limit: EventLogLimits.requestEvents,
    actual: EventLogLimits.requestEvents + 1
  )

  @Test func millionsOfEmptyEventsAreTold() throws {
    let shape = try Self.shape(Self.umaAppend)
    let pair = UInt16(littleEndian: 0x000A)
    let events = [UInt16](repeating: pair, count: EventCalls.requestBytes / 2)
    let excess = events.withUnsafeBytes { bytes in shape.excess(in: bytes) }
    #expect(excess == Self.tooMany)
  }

  @Test func nothingBehindTheFirstTooManyIsLookedAt() throws {
    let shape = try Self.shape(Self.umaAppend)
    // A walk that went on would end at the malformed byte and tell nothing.
    let events = Self.emptyEvents(EventLogLimits.requestEvents + 1)
    #expect(shape.excess(in: events + [0xFF]) == Self.tooMany)
  }

  @Test(
    arguments: [
      // A length of 2^64-1; one that is beyond the end; one within an event.
      [0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01],
      [0x1A, 0xFF, 0xFF, 0x7F], [0x0A, 0x02, 0x12, 0x7F],
      // A number of eleven bytes.
      [0x08, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01],
      // Wire types that do not exist; a group that does not begin, and one that does not end.
      [0x0E, 0x00], [0x0F, 0x00], [0x0C], [0x0B],
    ] as [[UInt8]]
  )
  func malformedBytesAreTheDecodersToRefuse(_ bytes: [UInt8]) throws {
    let shape = try Self.shape(Self.umaAppend)
    let events = Self.emptyEvents(EventLogLimits.requestEvents + 1)
    #expect(shape.excess(in: bytes) == nil)
    #expect(shape.excess(in: events + bytes) == Self.tooMany)
    // What is not counted here must not be decoded either.
    #expect(shape.excess(in: bytes + events) == nil)
    #expect(throws: (any Error).self) { _ = try UmaAppend(serializedBytes: bytes + events) }
  }

  @Test(
    arguments: [
      // A group with an event and a group in it; an unknown field with the largest number; a known
      // one of other wire types; a tag and a length that are longer than they need to be.
      [0x7B, 0x0A, 0x00, 0x73, 0x08, 0x01, 0x74, 0x7C], [0xFA, 0xFF, 0xFF, 0xFF, 0x0F, 0x00],
      [0x08, 0x01], [0x0D, 1, 2, 3, 4], [0x09, 1, 2, 3, 4, 5, 6, 7, 8],
      [0x9A, 0x80, 0x00, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7E],
    ] as [[UInt8]]
  )
  func whatTheDecoderPassesOverHidesNothing(_ bytes: [UInt8]) throws {
    let shape = try Self.shape(Self.umaAppend)
    let limit = EventLogLimits.requestEvents
    let most = bytes + Self.emptyEvents(limit)
    #expect(try UmaAppend(serializedBytes: most).events.count == limit)
    #expect(shape.excess(in: most) == nil)
    #expect(shape.excess(in: bytes + Self.emptyEvents(limit + 1)) == Self.tooMany)
  }

  @Test func aConditionInPiecesIsCountedAsOne() throws {
    let shape = try Self.shape(Self.umaAppend)
    func piece(_ count: Int) throws -> [UInt8] {
      var request = UmaAppend()
      request.condition.failIfEventsMatch.items = Self.umaItems(count)
      return try request.serializedBytes()
    }
    let limit = EventLogLimits.queryItems
    let most = try piece(limit - 1) + piece(1)
    #expect(
      try UmaAppend(serializedBytes: most).condition.failIfEventsMatch.items.count == limit
    )
    #expect(shape.excess(in: most) == nil)
    let error = EventLogError.tooLarge(
      field: "query items",
      eventIndex: nil,
      limit: limit,
      actual: limit + 1
    )
    #expect(try shape.excess(in: most + piece(1)) == error)
  }

  @Test func metadataInPiecesIsCountedAsOne() throws {
    let shape = try Self.shape("wordweave.events.v1.Streams/SetMetadata")
    func piece(_ count: Int) throws -> [UInt8] {
      var request = SetMetadata()
      request.metadata.entries = Self.entries(count)
      return try request.serializedBytes()
    }
    let limit = EventLogLimits.metadataEntries
    #expect(try shape.excess(in: piece(limit - 1) + piece(1)) == nil)
    #expect(try shape.excess(in: piece(limit) + piece(1)) != nil)
  }

  /// A request that is at most of its limits, so that few changes bring it past one.
  private static var full: UmaAppend {
    var entry = Umadb_V1_MetadataEntry()
    entry.key = "k"
    entry.value = "v"
    var event = Umadb_V1_Event()
    event.eventType = "Happened"
    event.tags = texts(EventLogLimits.tags)
    event.data = Data("some data".utf8)
    event.uuid = "0190a5c0-0000-7000-8000-000000000000"
    event.metadata = Array(repeating: entry, count: EventLogLimits.metadataEntries)
    var item = Umadb_V1_QueryItem()
    item.types = texts(EventLogLimits.queryTypes)
    item.tags = texts(EventLogLimits.queryTags)
    var request = UmaAppend()
    request.events = [event, Umadb_V1_Event()]
    request.condition.failIfEventsMatch.items = [item, Umadb_V1_QueryItem()]
    request.condition.after = .max
    request.trackingInfo.source = "source"
    request.trackingInfo.position = 1 << 40
    return request
  }

  private static func isWithinLimits(_ request: UmaAppend) -> Bool {
    let limits = EventLogLimits.self
    let items = request.condition.failIfEventsMatch.items
    let areEvents = request.events.allSatisfy {
      $0.tags.count <= limits.tags && $0.metadata.count <= limits.metadataEntries
    }
    let areItems = items.allSatisfy {
      $0.types.count <= limits.queryTypes && $0.tags.count <= limits.queryTags
    }
    return areEvents && areItems && request.events.count <= limits.requestEvents
      && items.count <= limits.queryItems
  }

  @Test func aRequestThatIsCutAnywhereIsNotTold() throws {
    let shape = try Self.shape(Self.umaAppend)
    let bytes: [UInt8] = try Self.full.serializedBytes()
    for count in 0...bytes.count {
      #expect(shape.excess(in: Array(bytes.prefix(count))) == nil, "\(count) bytes")
    }
  }

  @Test func changedRequestsAreToldAsTheDecoderReadsThem() throws {
    var random = SeededRandom.announced("changedRequestsAreToldAsTheDecoderReadsThem")
    let shape = try Self.shape(Self.umaAppend)
    let whole: [UInt8] = try Self.full.serializedBytes()
    for round in 0..<2000 {
      var bytes = whole
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let place = Int.random(in: 0..<bytes.count, using: &random)
        let other = bytes[Int.random(in: 0..<bytes.count, using: &random)]
        // Bytes of the request itself make other fields more often than any bytes do.
        let isAny = Bool.random(using: &random)
        bytes[place] = isAny ? UInt8.random(in: 0...255, using: &random) : other
      }
      let excess = shape.excess(in: bytes)
      guard let request = try? UmaAppend(serializedBytes: bytes) else { continue }
      #expect((excess == nil) == Self.isWithinLimits(request), "round \(round)")
    }
  }

  @Test func ordinaryRequestsPass() throws {
    var random = SeededRandom.announced("ordinaryRequestsPass")
    let shape = try Self.shape(Self.logAppend)
    for _ in 0..<200 {
      let request = Self.ordinary(&random)
      try request.validate()
      let bytes: [UInt8] = try Append(request).serializedBytes()
      #expect(shape.excess(in: bytes) == nil)
    }
  }

  private static func ordinary(_ random: inout SeededRandom) -> AppendRequest {
    var parts: [StreamAppend] = []
    for index in 0..<Int.random(in: 1...3, using: &random) {
      var events: [NewEvent] = []
      for _ in 0..<Int.random(in: 1...12, using: &random) {
        let tags = texts(Int.random(in: 0...4, using: &random))
        let size = Int.random(in: 0...300, using: &random)
        events.append(
          NewEvent(
            type: "Happened",
            data: [UInt8](repeating: 0x0A, count: size),
            tags: tags.map { EventLogCore.Tag($0) },
            metadata: ["actor": "u", "k": ""]
          )
        )
      }
      parts.append(StreamAppend(to: StreamName("s\(index)"), events))
    }
    let item = EventQuery.Item(types: ["Happened"], tags: ["t"])
    return AppendRequest(parts, condition: AppendCondition(failIfMatches: EventQuery([item])))
  }
}
