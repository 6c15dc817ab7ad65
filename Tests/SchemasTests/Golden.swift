import EventLogCore
import EventLogInMemory
import ServiceKit
import Testing

/// An event as somebody's log may hold it: `<type>.v<schema version>.hex` under `Fixtures`.
///
/// Files are added and never edited. Where one is missing the test writes it and fails once.
enum Golden {
  /// Checks that an event is encoded as the file says, and that the file is decoded to the event.
  static func check<Codec: EventCodec>(
    _ codec: Codec.Type,
    _ event: Codec.Event,
    sourceLocation: SourceLocation = #_sourceLocation
  ) async throws where Codec.Event: Equatable {
    let encoded = try codec.encode(event)
    let name = "\(encoded.type).v\(encoded.schemaVersion)"
    guard let stored = try Fixture.read(name) else {
      try Fixture.write(encoded.data, name)
      Issue.record("\(name) was missing; it is written now", sourceLocation: sourceLocation)
      return
    }
    #expect(encoded.data == stored, "\(name) is encoded otherwise", sourceLocation: sourceLocation)
    let log = InMemoryEventLog()
    let new = NewEvent(
      type: encoded.type,
      schemaVersion: encoded.schemaVersion,
      data: stored,
      tags: encoded.tags
    )
    _ = try await log.append(AppendRequest(to: StreamName("golden"), [new]))
    let page = try await log.read(StreamName("golden"), from: .first, direction: .forward, limit: 1)
    let recorded = try #require(page.events.first, sourceLocation: sourceLocation)
    #expect(try codec.decode(recorded) == event, sourceLocation: sourceLocation)
  }
}
