import EventLogCore
import EventLogInMemory
import ServiceKit
import Synchronization
import Testing
import UsersService

@Suite(.timeLimit(.minutes(1))) struct HandlingCommands {
  typealias Handler = CommandHandler<Account, AccountCodec>
  let log = InMemoryEventLog()
  let stream = UserStreams.account("user_a")

  private func handler() -> Handler {
    CommandHandler(
      EventStore(log),
      makeID: { .make() },
      weigh: { _ in 100 },
      claims: Account.claims
    )
  }

  private func submission(
    _ command: Account.Command,
    id: EventID? = nil,
    expecting expected: ExpectedRevision = .any
  ) -> Submission<Account> {
    let context = CallContext(caller: Caller(id: "user_a"), correlationID: "c", expected: expected)
    return Submission(to: stream, id: id, context: context) { _ in command }
  }

  private func register(_ handler: Handler) async throws {
    _ = try await handler.handle(
      submission(.register(id: "user_a", username: "anna", profile: Profile()))
    )
  }

  @Test func eventIdsFollowFromTheCommandId() throws {
    let command = try #require(EventID("018f3c1e-0000-7000-8000-000000000001"))
    let ids = (0..<3).map { EventID(of: command, index: $0) }
    #expect(Set(ids).count == 3)
    #expect(ids == (0..<3).map { EventID(of: command, index: $0) })
    // Version 5 of RFC 9562's variant.
    #expect(ids.allSatisfy { $0.high >> 12 & 0xF == 5 && $0.low >> 62 == 2 })
    // Python: uuid.uuid5(uuid.UUID("018f3c1e-0000-7000-8000-000000000001"), "0")
    #expect(ids[0].description == "74ab60b7-6f6b-57fd-8fd2-d825a0ef0bdf")
  }

  @Test func envelopesTellWhoDidItAndWhy() async throws {
    let command = EventID.make()
    _ = try await handler().handle(
      submission(.register(id: "user_a", username: "Anna", profile: Profile()), id: command)
    )
    let page = try await log.read(stream, from: .first, direction: .forward, limit: 10)
    let event = try #require(page.events.first)
    #expect(event.id == EventID(of: command, index: 0))
    #expect(event.tags == ["username:anna"])
    #expect(event.metadata[Metadata.Keys.actor] == "user_a")
    #expect(event.metadata[Metadata.Keys.correlationID] == "c")
    #expect(event.metadata[Metadata.Keys.causationID] == command.description)
  }

  @Test func lostRacesAreDecidedAnewWithoutAnExpectedRevision() async throws {
    let handler = handler()
    try await register(handler)
    // Two processes with caches of their own write by turns; each has to see the other's events.
    let other = self.handler()
    for number in 0..<10 {
      let turn = number % 2 == 0 ? handler : other
      let change = ProfileChange(bio: "Bio \(number)")
      let outcome = try await turn.handle(submission(.editProfile(change)))
      #expect(outcome.revision == StreamRevision(UInt64(number) + 1))
    }
  }

  @Test func writersThatTakeNoTurnsLoseNoUpdate() async throws {
    let handler = handler()
    try await register(handler)
    let results = await withTaskGroup(of: Bool.self) { group in
      for number in 0..<40 {
        group.addTask {
          do {
            let change = ProfileChange(bio: "Bio \(number)")
            _ = try await handler.handle(submission(.editProfile(change)))
            return true
          } catch {
            #expect(error is CommandConflict)
            return false
          }
        }
      }
      return await group.reduce(into: [Bool]()) { $0.append($1) }
    }
    let page = try await log.read(stream, from: .first, direction: .forward, limit: 100)
    #expect(page.events.count == 1 + results.count { $0 })
  }

  @Test func anExpectedRevisionThatIsNotMetIsAConflict() async throws {
    let handler = handler()
    try await register(handler)
    for expected in [ExpectedRevision.noStream, .exactly(StreamRevision(7))] {
      await #expect(throws: CommandConflict(current: .first)) {
        _ = try await handler.handle(
          submission(.editProfile(ProfileChange(bio: "x")), expecting: expected)
        )
      }
    }
    let met = try await handler.handle(
      submission(.editProfile(ProfileChange(bio: "x")), expecting: .exactly(.first))
    )
    #expect(met.revision == StreamRevision(1))
  }

  @Test func aRepeatedCommandAnswersItsFirstStateThoughTheStreamMovedOn() async throws {
    let handler = handler()
    try await register(handler)
    let command = EventID.make()
    let edit = submission(.editProfile(ProfileChange(bio: "One")), id: command)
    let first = try await handler.handle(edit)
    _ = try await handler.handle(submission(.editProfile(ProfileChange(bio: "Two"))))
    _ = try await handler.handle(submission(.delete))
    // Decided anew it would be rejected; a process without any cache answers the same.
    for handler in [handler, self.handler()] {
      let again = try await handler.handle(edit)
      #expect(again.isRepeat)
      #expect(again.position == first.position)
      #expect(again.revision == first.revision)
      #expect(again.state == first.state)
    }
  }

  @Test func oneCommandSentManyTimesAtOnceIsWrittenOnce() async throws {
    let handler = handler()
    try await register(handler)
    let edit = submission(.editProfile(ProfileChange(bio: "One")), id: .make())
    let positions = try await withThrowingTaskGroup(of: GlobalPosition.self) { group in
      for _ in 0..<20 { group.addTask { try await handler.handle(edit).position } }
      return try await group.reduce(into: Set<GlobalPosition>()) { $0.insert($1) }
    }
    #expect(positions == [GlobalPosition(2)])
    #expect(try await log.head() == GlobalPosition(2))
  }

  @Test func thePreconditionIsNotAskedForARepeat() async throws {
    struct Refused: Error {}
    let handler = handler()
    var register = submission(
      .register(id: "user_a", username: "anna", profile: Profile()),
      id: .make()
    )
    let flag = Flag()
    register.precondition = { if !flag.isSet { throw Refused() } }
    await #expect(throws: Refused.self) { _ = try await handler.handle(register) }
    flag.set(true)
    _ = try await handler.handle(register)
    flag.set(false)
    #expect(try await handler.handle(register).isRepeat)
  }

  private final class Flag: Sendable {
    private let value = Mutex(false)
    var isSet: Bool { value.withLock { $0 } }
    func set(_ new: Bool) { value.withLock { $0 = new } }
  }
}
