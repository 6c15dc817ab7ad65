import EventLogCore
import Synchronization
import Testing

@testable import WordWeave

/// Writers that send each request, with the same ids, to one place after another until somebody
/// answers it; and the proof that the log holds exactly that.
final class Load: Sendable {
  /// How long a writer waits at one place: one that is stopped never answers.
  private static let patience = Duration.seconds(1)
  /// How long a request may go unanswered altogether: longer than any lease.
  private static let limit = Duration.seconds(60)

  /// A request that was answered.
  struct Answer: Sendable {
    let id: EventID
    let position: GlobalPosition
    let begun: ContinuousClock.Instant
    let answered: ContinuousClock.Instant
  }

  private struct State: Sendable {
    var answers: [Answer] = []
    var written: [Int: Int] = [:]
    var failures: [EventLogError] = []
    var isEnding = false
  }

  private let places: [any EventLogEngine]
  private let events: Int
  private let state = Mutex(State())

  /// - places: where requests are sent.
  /// - events: of each request.
  init(at places: [any EventLogEngine], events: Int = 1) {
    self.places = places
    self.events = events
  }

  var answers: [Answer] { state.withLock { $0.answers } }
  /// What the writers were told meanwhile.
  var failures: [EventLogError] { state.withLock { $0.failures } }

  func end() { state.withLock { $0.isEnding = true } }

  /// Runs writers beside `body`; they end when it does, each with an answer.
  func run(writers: Int, while body: () async throws -> Void) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for writer in 0..<writers {
        group.addTask { try await self.write(writer) }
      }
      do {
        try await body()
      } catch {
        end()
        throw error
      }
      end()
      try await group.waitForAll()
    }
  }

  private func write(_ writer: Int) async throws {
    var place = writer % places.count
    var number = 0
    while !state.withLock({ $0.isEnding }) {
      let batch = (0..<events).map { index in
        NewEvent(id: .make(), type: "Written", data: Array("\(number + index)".utf8))
      }
      let request = AppendRequest(to: StreamName("w\(writer)"), batch)
      let begun = ContinuousClock.now
      let receipt = try await eventually("writer \(writer) is answered", within: Self.limit) {
        let answer = await self.send(request, to: self.places[place])
        switch answer {
        case .success(let receipt): return receipt
        case .failure(let error):
          guard error.mayBeSentAgain else { throw error }
          self.state.withLock { $0.failures.append(error) }
          place = (place + 1) % self.places.count
          return nil
        }
      }
      number += events
      let answered = ContinuousClock.now
      let positions = receipt.parts.first?.positions ?? []
      let written = number
      state.withLock { state in
        state.written[writer] = written
        for (event, position) in zip(batch, positions) {
          guard let id = event.id else { continue }
          state.answers.append(
            Answer(id: id, position: position, begun: begun, answered: answered)
          )
        }
      }
    }
  }

  private func send(
    _ request: AppendRequest,
    to place: any EventLogEngine
  ) async -> Result<AppendReceipt, EventLogError> {
    await withTaskGroup(of: Result<AppendReceipt, EventLogError>?.self) { group in
      group.addTask {
        do throws(EventLogError) {
          return .success(try await place.append(request))
        } catch {
          return .failure(error)
        }
      }
      group.addTask {
        try? await Task.sleep(for: Self.patience)
        return nil
      }
      let first = await group.next() ?? nil
      group.cancelAll()
      if let first { return first }
      return .failure(.outcomeUnknown("no answer in time"))
    }
  }

  /// Nothing is lost, doubled or out of order.
  ///
  /// - besides: ids that others wrote.
  func check(
    _ log: any EventLogEngine,
    besides others: Set<EventID> = [],
    sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    var events: [RecordedEvent] = []
    var after: GlobalPosition?
    while true {
      let page = try await log.readAll(after: after)
      events += page.events
      after = page.scannedTo
      if page.isEnd { break }
    }
    let (answers, written) = state.withLock { ($0.answers, $0.written) }
    #expect(
      events.map(\.position.number) == Array(1...UInt64(max(1, events.count))),
      "positions have no hole",
      sourceLocation: sourceLocation
    )
    let byID = Dictionary(grouping: events, by: \.id)
    #expect(byID.count == events.count, "an event is there twice", sourceLocation: sourceLocation)
    let misplaced = answers.filter { byID[$0.id]?.first?.position != $0.position }
    #expect(misplaced.isEmpty, "answered and not there", sourceLocation: sourceLocation)
    let known = Set(answers.map(\.id)).union(others)
    #expect(byID.keys.allSatisfy(known.contains), "nobody wrote it", sourceLocation: sourceLocation)
    for (writer, count) in written {
      let own = events.filter { $0.stream?.text == "w\(writer)" }
      let numbers = own.map { Int(String(decoding: $0.data, as: UTF8.self)) ?? -1 }
      #expect(numbers == Array(0..<count), "writer \(writer)", sourceLocation: sourceLocation)
      let revisions = own.compactMap { $0.revision?.number }
      #expect(revisions == Array(0..<UInt64(count)), sourceLocation: sourceLocation)
    }
  }
}

extension EventLogError {
  /// Whether the caller was told to send the same request again, here or elsewhere.
  var mayBeSentAgain: Bool {
    switch self {
    case .outcomeUnknown, .unavailable, .notLeader, .overloaded, .closed, .cancelled: true
    default: false
    }
  }
}
