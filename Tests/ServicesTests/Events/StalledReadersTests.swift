import EventLogConformance
import EventLogCore
import GRPCCore
import Schemas
import SwiftProtobuf
import Testing

@testable import EventsService

/// Readers on one connection that never open a window: together they hold no more than one may.
@Suite(.timeLimit(.minutes(1))) struct StalledReadersTests {
  private static let eventBytes = 1 << 19
  /// A page of the log; each event is a message of its own, since two are more than one carries.
  private static let events = 7
  /// What four such messages take, and a little less.
  private static let room = 2 << 20

  /// Lends a service with so many pages of events.
  private static func served(
    room: Int,
    pages: Int = 1,
    stallLimit: Duration = AnswerRoom.stallLimit,
    _ body: (ServedEvents, WatchedEngine) async throws -> Void
  ) async throws {
    let engine = WatchedEngine()
    for _ in 0..<pages * events {
      let event = NewEvent(type: "Happened", data: [UInt8](repeating: 1, count: eventBytes))
      _ = try await engine.append(AppendRequest(to: "s", [event]))
    }
    try await ServedEvents.with(
      engine: engine,
      settings: {
        $0.answerBytes = room
        $0.stallLimit = stallLimit
      }
    ) { served in
      try await body(served, engine)
    }
  }

  /// A connection that reads the whole log on so many streams and takes none of it, or no more of
  /// each than a window, and no more of all than that of the connection.
  private static func stalled(
    _ count: Int,
    _ served: ServedEvents,
    path: String = "/wordweave.events.v1.EventLog/ReadAll",
    window: UInt32 = 0
  ) throws -> RawConnection {
    let connection = try RawConnection(port: served.port, receiveBuffer: 1 << 18)
    connection.send(RawConnection.preface + Frame.settings(window: window))
    connection.acknowledgeSettings()
    for number in 0..<count {
      let stream = UInt32(2 * number + 1)
      connection.send(Frame.headers(path, stream: stream) + Frame.message(stream: stream))
    }
    return connection
  }

  @Test(arguments: [
    "/wordweave.events.v1.EventLog/ReadAll", "/wordweave.events.v1.EventLog/ReadAllPage",
    "/wordweave.events.v1.EventLog/Subscribe", "/wordweave.events.v1.Transfer/Export",
    "/umadb.v1.DCB/Read", "/umadb.v1.DCB/Subscribe",
  ])
  func whatNobodyReadsIsReadOfTheLogForAFewAlone(path: String) async throws {
    try await Self.served(room: Self.room) { served, engine in
      let readers = 40
      let connection = try Self.stalled(readers, served, path: path)
      let page = Self.events * Self.eventBytes
      #expect(try await holds { engine.bytesRead >= page })
      try await Task.sleep(for: .milliseconds(300))
      // Four messages fill the room; some reads were under way then.
      #expect(engine.bytesRead <= readers / 2 * page, "\(engine.bytesRead / page) pages were read")
      #expect(!connection.isReset)
      // Other connections notice nothing.
      #expect(try await served.log.readAllPage(.init()).events.count == 1)
    }
  }

  /// Their room is not full: each waits with a message, and what it reads ahead comes on top.
  @Test func fewReadAhead() async throws {
    let ahead = 3
    let readers = 10
    try await Self.served(room: ahead * AnswerRoom.aheadBytes, pages: 3) { served, engine in
      let connection = try Self.stalled(readers, served)
      let page = Self.events * Self.eventBytes
      #expect(try await holds { engine.bytesRead >= (readers + ahead) * page })
      try await Task.sleep(for: .milliseconds(300))
      #expect(engine.bytesRead == (readers + ahead) * page)
      #expect(!connection.isReset)
    }
  }

  @Test func whoStandsStillWhileTheRoomIsFullIsResetAndTheOthersGoOn() async throws {
    let limit = Duration.milliseconds(100)
    try await Self.served(room: Self.room, stallLimit: limit) { served, _ in
      let connection = try Self.stalled(8, served)
      var heard: [UInt8] = []
      // Three messages leave room.
      _ = try await holds {
        heard += connection.read() ?? []
        return Frame.resets(in: heard).count >= 5
      }
      try await Task.sleep(for: limit * 3)
      heard += connection.read() ?? []
      #expect(Set(Frame.resets(in: heard)).count == 5)
    }
  }

  @Test func whoOpensTheWindowsOfStreamsAndNotThatOfTheConnectionIsResetAsWell() async throws {
    let limit = Duration.milliseconds(100)
    try await Self.served(room: Self.room, stallLimit: limit) { served, _ in
      let connection = try Self.stalled(8, served, window: 1 << 24)
      var heard: [UInt8] = []
      // Four leave room, since a little of them has gone out.
      #expect(
        try await holds {
          heard += connection.read() ?? []
          return Set(Frame.resets(in: heard)).count >= 4
        }
      )
      // Other connections notice nothing.
      #expect(try await served.log.readAllPage(.init()).events.count == 1)
    }
  }

  /// They tell the position of every event.
  @Test func answersToAppendsThatNobodyReadsAreGivenUpAsWell() async throws {
    let limit = Duration.milliseconds(100)
    try await Self.served(room: 32 << 10, stallLimit: limit) { served, _ in
      let connection = try RawConnection(port: served.port)
      connection.send(RawConnection.preface + Frame.settings(window: 0))
      connection.acknowledgeSettings()
      var event = Wordweave_Events_V1_NewEvent()
      event.type = "a"
      var part = Wordweave_Events_V1_StreamAppend()
      part.events = Array(repeating: event, count: 2500)
      var request = Wordweave_Events_V1_AppendRequest()
      request.parts = [part]
      let message: [UInt8] = try request.serializedBytes()
      let path = "/wordweave.events.v1.EventLog/Append"
      for stream in stride(from: 1, to: 17, by: 2) as StrideTo<UInt32> {
        connection.send(
          Frame.headers(path, stream: stream) + Frame.message(message, stream: stream)
        )
      }
      var heard: [UInt8] = []
      #expect(
        try await holds {
          heard += connection.read() ?? []
          return !Frame.resets(in: heard).isEmpty
        }
      )
      try await Task.sleep(for: limit * 3)
      heard += connection.read() ?? []
      // What is left leaves room.
      #expect(Set(Frame.resets(in: heard)).count < 8)
    }
  }

  @Test func whoReadsSlowlyWhileThereIsRoomStays() async throws {
    let limit = Duration.milliseconds(100)
    try await Self.served(room: Self.room, stallLimit: limit) { served, engine in
      let connection = try Self.stalled(2, served)
      #expect(try await holds { engine.bytesRead > 0 })
      try await Task.sleep(for: limit * 4)
      var heard = connection.read() ?? []
      #expect(Frame.resets(in: heard).isEmpty)
      // It opens its windows at last.
      connection.send(Frame.window(1 << 20, stream: 0) + Frame.window(1 << 20, stream: 1))
      #expect(
        try await holds {
          heard += connection.read() ?? []
          return heard.count > Self.eventBytes
        }
      )
      #expect(Frame.resets(in: heard).isEmpty)
    }
  }
}
