import EventLogCore
import Testing

@testable import EventLogRocksDB

@Suite struct EventCursorTests {
  private static let count: UInt64 = 600

  /// A log of events of which some are large, opened as files.
  private static func filled(_ folder: TemporaryFolder) async throws -> RocksDBStorage {
    let log = try RocksDBEventLog.open(path: folder.path)
    let events = (1...Int(count)).map { number in
      let data = Array(repeating: UInt8(number % 251), count: number % 40 == 0 ? 6000 : 20)
      return NewEvent(type: "T", data: data)
    }
    _ = try await log.append(AppendRequest(to: nil, events))
    await log.close()
    return try RocksDBOpening.open(path: folder.path, acceptsLoss: false).storage
  }

  private static func cursor(_ storage: RocksDBStorage, _ direction: Direction) -> EventCursor {
    EventCursor(storage, from: 1, to: count, isForward: direction == .forward)
  }

  @Test(arguments: [Direction.forward, .backward])
  func readsTheSameNearAndFar(direction: Direction) async throws {
    let folder = try TemporaryFolder()
    let storage = try await Self.filled(folder)
    defer { storage.close() }
    var random = SystemRandomNumberGenerator()
    for _ in 0..<20 {
      var places: [UInt64] = []
      var place: UInt64 = 0
      var gap: UInt64 = 1
      while true {
        // Gaps stay for a while, so that near and far ones come in runs.
        if UInt64.random(in: 0..<8, using: &random) == 0 {
          gap = [1, 1, 2, 7, 90].randomElement(using: &random) ?? 1
        }
        place += gap
        guard place <= Self.count else { break }
        places.append(place)
      }
      if direction == .backward { places.reverse() }
      let cursor = Self.cursor(storage, direction)
      for place in places {
        let bytes = try cursor.read(at: place) { value in value.map { Array($0) } }
        let event = try RecordedEvent(envelope: try #require(bytes))
        let expected = try storage.event(at: place)
        #expect(event == expected, "\(places)")
      }
    }
  }

  @Test func whatIsNotThereIsNil() async throws {
    let folder = try TemporaryFolder()
    let storage = try await Self.filled(folder)
    defer { storage.close() }
    let far = Self.cursor(storage, .forward)
    let isNone = try far.read(at: Self.count + 1) { $0 == nil }
    #expect(isNone)
    let near = Self.cursor(storage, .forward)
    for place in (Self.count - 9)...Self.count {
      let isThere = try near.read(at: place) { $0 != nil }
      #expect(isThere)
    }
    let isGone = try near.read(at: Self.count + 1) { $0 == nil }
    #expect(isGone)
  }
}
