internal import EventLogCore
internal import Testing

@Suite struct EnvelopeTests {
  static let event = NewEvent(
    id: EventID(high: 0x0102_0304_0506_0708, low: 0x090A_0B0C_0D0E_0F10),
    type: "Ab",
    schemaVersion: 0x0403_0201,
    contentType: "c/d",
    data: [0xDE, 0xAD],
    tags: ["t", "uv"],
    metadata: ["k": "vw", "x": ""]
  )

  static func encoded(
    _ event: NewEvent = event,
    givenID: EventID? = nil,
    stream: StreamName? = "str",
    tracking: Tracking? = nil,
    revision: StreamRevision? = StreamRevision(2)
  ) -> [UInt8] {
    var bytes: [UInt8] = []
    Envelope.encode(
      event,
      id: event.id ?? .make(),
      givenID: givenID,
      stream: stream,
      tracking: tracking,
      into: &bytes
    )
    bytes.withUnsafeMutableBytes {
      Envelope.stamp(
        $0,
        position: GlobalPosition(0x0A09),
        revision: revision,
        recordedAt: Timestamp(microseconds: 0x0102)
      )
    }
    return bytes
  }

  @Test func storedFormIsFixedByteForByte() {
    let bytes = Self.encoded(
      givenID: EventID(high: 1, low: 2),
      tracking: Tracking(source: "or", position: 7)
    )
    var expected: [UInt8] = [1, 1 | 2 | 8, 2, 3, 3, 2, 2, 2]
    expected += [1, 2, 3, 4] + [2, 0, 0, 0] + [14, 0, 0, 0] + [5, 0, 0, 0]
    expected += [9, 10, 0, 0, 0, 0, 0, 0] + [2, 0, 0, 0, 0, 0, 0, 0] + [2, 1, 0, 0, 0, 0, 0, 0]
    expected += Array(1...16)
    expected += Array("Abstrc/d".utf8)
    expected += [1] + Array("t".utf8) + [2] + Array("uv".utf8)
    expected += [1] + Array("k".utf8) + [2, 0, 0, 0] + Array("vw".utf8)
    expected += [1] + Array("x".utf8) + [0, 0, 0, 0]
    expected += Array("or".utf8) + [7, 0, 0, 0, 0, 0, 0, 0]
    expected += [0, 0, 0, 0, 0, 0, 0, 1] + [0, 0, 0, 0, 0, 0, 0, 2]
    expected += [0xDE, 0xAD]
    #expect(Array(bytes.dropLast(4)) == expected)
    #expect(bytes.withUnsafeBytes { Envelope.damage(in: $0) } == nil)
    #expect(bytes.withUnsafeBytes { Envelope.length(of: $0) } == bytes.count)
  }

  @Test func everyMemberIsRead() throws {
    let mark = Tracking(source: "or", position: .max)
    let given = EventID(high: 1, low: 2)
    let bytes = Self.encoded(givenID: given, tracking: mark)
    let recorded = try RecordedEvent(envelope: bytes)
    #expect(recorded.position == GlobalPosition(0x0A09))
    #expect(recorded.revision == StreamRevision(2))
    #expect(recorded.recordedAt == Timestamp(microseconds: 0x0102))
    #expect(recorded.id == Self.event.id)
    #expect(recorded.givenID == given)
    #expect(recorded.stream == "str")
    #expect(recorded.type == "Ab")
    #expect(recorded.schemaVersion == 0x0403_0201)
    #expect(recorded.contentType == "c/d")
    #expect(recorded.data == [0xDE, 0xAD])
    #expect(recorded.dataCount == 2)
    #expect(recorded.withData { Array($0) } == [0xDE, 0xAD])
    #expect(recorded.tags == ["t", "uv"])
    #expect(recorded.metadata == ["k": "vw", "x": ""])
    #expect(recorded.tracking == mark)
    #expect(!recorded.isRemoved)
    #expect(recorded.envelope == bytes)
  }

  @Test func absentMembersAreNil() throws {
    let recorded = try RecordedEvent(
      envelope: Self.encoded(
        NewEvent(type: "T", contentType: ""),
        stream: nil,
        revision: nil
      )
    )
    #expect(recorded.stream == nil && recorded.revision == nil)
    #expect(recorded.tracking == nil && recorded.givenID == nil)
    #expect(recorded.data.isEmpty && recorded.tags.isEmpty)
    #expect(recorded.metadata == Metadata())
  }

  @Test func whoeverAppendedFindsTheIDThatWasGiven() throws {
    let chosen = try RecordedEvent(envelope: Self.encoded(NewEvent(type: "T")))
    #expect(chosen.callerID == nil && chosen.id != .none)
    let removed = try RecordedEvent(envelope: chosen.removed.envelope)
    #expect(removed.callerID == nil && removed.id == chosen.id)
    let reshaped = chosen.reshaped(type: "U", schemaVersion: 2, data: [])
    #expect(reshaped.callerID == nil && reshaped.id == chosen.id)
    let own = try RecordedEvent(envelope: Self.encoded())
    #expect(own.callerID == Self.event.id)
    // The nil UUID is a given one, too; the log chose another beside it.
    let kept = try RecordedEvent(envelope: Self.encoded(givenID: EventID.none))
    #expect(kept.callerID == EventID.none && kept.id == Self.event.id)
  }

  @Test func viewsIntoAPageReadTheirOwnEvent() {
    var page: [UInt8] = [9, 9, 9]
    let first = Self.encoded()
    let second = Self.encoded(NewEvent(type: "Second", data: [5]))
    page += first + second
    let one = RecordedEvent(checked: page, start: 3, count: first.count)
    let two = RecordedEvent(checked: page, start: 3 + first.count, count: second.count)
    #expect(one.type == "Ab" && one.envelope == first)
    #expect(two.type == "Second" && two.data == [5] && two.envelope == second)
    #expect(one != two)
  }

  @Test func everyFlippedByteAndEveryCutIsFound() {
    let bytes = Self.encoded(tracking: Tracking(source: "or", position: 1))
    for index in bytes.indices {
      var damaged = bytes
      damaged[index] ^= 1 << UInt8(index % 8)
      #expect(throws: EventLogError.self, "byte \(index)") {
        try RecordedEvent(envelope: damaged)
      }
      #expect(throws: EventLogError.self, "cut at \(index)") {
        try RecordedEvent(envelope: Array(bytes[..<index]))
      }
    }
    #expect(throws: EventLogError.self) { try RecordedEvent(envelope: bytes + [0]) }
  }

  @Test func removedFormKeepsTheHeaderAlone() throws {
    let mark = Tracking(source: "or", position: 3)
    let recorded = try RecordedEvent(envelope: Self.encoded(tracking: mark)).removed
    #expect(recorded.isRemoved)
    #expect(recorded.data.isEmpty && recorded.metadata == Metadata())
    #expect(recorded.type == "Ab" && recorded.tags == ["t", "uv"] && recorded.stream == "str")
    #expect(recorded.position == GlobalPosition(0x0A09) && recorded.revision == StreamRevision(2))
    #expect(recorded.tracking == mark && recorded.id == Self.event.id)
    #expect(try RecordedEvent(envelope: recorded.envelope) == recorded)
    #expect(recorded.removed == recorded)
  }

  @Test func longestTextsFit() throws {
    let name = String(repeating: "n", count: 255)
    let event = NewEvent(
      type: EventType(name),
      contentType: String(repeating: "c", count: 127),
      tags: (0..<255).map { Tag("\($0)") },
      metadata: Metadata([.init(key: name, value: String(repeating: "v", count: 130_000))])
    )
    let bytes = Self.encoded(
      event,
      stream: StreamName(name),
      tracking: Tracking(source: name, position: 1)
    )
    let recorded = try RecordedEvent(envelope: bytes)
    #expect(recorded.type.text == name && recorded.stream?.text == name)
    #expect(recorded.tags == event.tags && recorded.metadata == event.metadata)
    #expect(recorded.tracking?.source == name)
  }
}
