import EventLogCore
import EventLogInMemory
import Schemas
import SwiftProtobuf
import Testing

@testable import EventsService

@Suite struct UmaDBEventWriterTests {
  @Test func writesWhatProtobufWouldWrite() async throws {
    let log = InMemoryEventLog()
    let id = EventID.make()
    func event(_ change: (inout NewEvent) -> Void) -> NewEvent {
      var event = NewEvent(
        type: "Named",
        schemaVersion: UmaDBDefaults.schemaVersion,
        contentType: UmaDBDefaults.contentType,
        data: [1, 2, 3]
      )
      change(&event)
      return event
    }
    _ = try await log.append(
      AppendRequest(
        [
          StreamAppend(
            to: nil,
            [
              event { _ in },
              event { $0.data = [] },
              // Lengths on both sides of one, two and three bytes of varint.
              event { $0.data = Array(repeating: 7, count: 127) },
              event { $0.data = Array(repeating: 7, count: 128) },
              event { $0.data = Array(repeating: 7, count: 20_000) },
              event { $0.tags = ["a", "ü"] },
              event { $0.id = id },
              event { $0.metadata = Metadata([Metadata.Entry(key: "k", value: "")]) },
            ]
          ),
          StreamAppend(
            to: "post-1",
            [
              event {
                $0.schemaVersion = 3
                $0.contentType = "text/plain"
                $0.metadata = Metadata([
                  Metadata.Entry(key: "actor", value: "me"),
                  Metadata.Entry(key: UmaDBKeys.stream, value: "another"),
                ])
              }
            ]
          ),
        ],
        tracking: Tracking(source: "elsewhere", position: 300)
      )
    )
    let recorded = try await log.readAll(after: nil).events
    try #require(recorded.count == 9)

    var all: [UInt8] = []
    for event in recorded {
      let writer = UmaDBEventWriter(event)
      var bytes: [UInt8] = []
      writer.write(into: &bytes)
      #expect(bytes.count == writer.count)
      all += bytes
    }
    UmaDBEventWriter.write(head: GlobalPosition(300), into: &all)

    // Read and written again by the generated code, it is the same.
    let response = try Umadb_V1_ReadResponse(serializedBytes: all)
    let again: [UInt8] = try response.serializedBytes()
    #expect(again == all)
    #expect(response.head == 300)
    #expect(response.events.map(\.position) == Array(1...9))
    #expect(response.events.allSatisfy { $0.event.eventType == "Named" })
    #expect(response.events.map { $0.event.data.count } == [3, 0, 127, 128, 20_000, 3, 3, 3, 3])
    #expect(response.events[5].event.tags == ["a", "ü"])
    #expect(response.events.map { $0.event.uuid.isEmpty }.firstIndex(of: false) == 6)
    #expect(response.events[6].event.uuid == id.description)
    #expect(response.events.allSatisfy { $0.trackingInfo.position == 300 })
    let entries = response.events[8].event.metadata.map { "\($0.key)=\($0.value)" }
    #expect(
      entries == [
        "actor=me", "ww.stream=post-1", "ww.revision=0", "ww.schema-version=3",
        "ww.content-type=text/plain",
      ]
    )
    await log.close()
  }
}
