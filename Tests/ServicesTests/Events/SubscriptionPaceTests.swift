import EventLogCore
import EventLogInMemory
import Synchronization
import Testing

@testable import EventsService

@Suite(.timeLimit(.minutes(1))) struct SubscriptionPaceTests {
  private final class Heard: Sendable {
    let events = Mutex(0)
  }

  /// The page of the tail is shared; the message that is made of it is not.
  @Test func whatComesLiveWaitsForRoom() async throws {
    let engine = InMemoryEventLog()
    let store = EventStore(engine)
    let bytes = AnswerRoom.placeBytes
    var scope = CallScope()
    let room = AnswerRoom(bytes: bytes)
    scope.room = room
    let heard = Heard()
    let (live, isLive) = AsyncStream.makeStream(of: Void.self)
    let following = CallScope.$current.withValue(scope) {
      Task {
        var pace = SubscriptionPace(store.subscribe(from: .beginning))
        while let message = try await pace.next() {
          switch message {
          case .caughtUp: isLive.yield()
          case .events(let page):
            heard.events.withLock { $0 += page.events.count }
            return
          case .fellBehind, .checkpoint: break
          }
        }
      }
    }
    for await _ in live { break }
    _ = room.add(bytes)
    _ = try await engine.append(AppendRequest(to: "s", [NewEvent(type: "Happened", data: [1])]))
    try await Task.sleep(for: .milliseconds(300))
    #expect(heard.events.withLock { $0 } == 0)
    room.remove(bytes)
    try await following.value
    #expect(heard.events.withLock { $0 } == 1)
    // It keeps none of the room.
    #expect(room.enterAtOnce())
  }
}
