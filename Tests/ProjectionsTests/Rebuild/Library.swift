import EventLogCore
import EventLogInMemory
import MessagingCore
import MessagingInProcess
import ProjectionsConformance

@testable import ProjectionsCore

/// A log of books, and what folds it.
struct Library: Sendable {
  let log: any EventLogEngine
  let store: ReadModelStore
  let runtime: ProjectionRuntime
  let shelf: LiveProjection<Shelf>

  init(
    _ engine: any ReadModelEngine,
    log: any EventLogEngine = InMemoryEventLog(),
    refusesBroken: Bool = true
  ) throws {
    self.log = log
    store = try ReadModelStore(engine)
    runtime = ProjectionRuntime(store: store, log: log)
    shelf = try runtime.open(Shelf(refusesBroken: refusesBroken))
  }

  /// Appends `count` events to books of a few authors: most write, some burn.
  static func write(_ count: Int, to log: any EventLogEngine, from first: Int = 0) async throws {
    var number = first
    while number < first + count {
      let parts = (number..<min(number + 100, first + count)).map { number in
        StreamAppend(
          to: StreamName("book-\(number % 257)"),
          [number % 11 == 10 ? Shelf.burnt : Shelf.written("author \(number % 13)", "t\(number)")]
        )
      }
      _ = try await log.append(AppendRequest(parts))
      number += parts.count
    }
  }

  /// Runs the projection on the feed while `body` runs.
  func running<R: Sendable>(_ body: @escaping @Sendable () async throws -> R) async throws -> R {
    let host = HandlerHost(log: log, feed: InProcessFeed())
    return try await withThrowingTaskGroup(of: R?.self) { group in
      group.addTask {
        await host.run()
        return nil
      }
      group.addTask {
        try await runtime.run(lanes: FeedLanes(host))
        return nil
      }
      group.addTask {
        while try await shelf.status().state == .stopped { await Task.yield() }
        return try await body()
      }
      defer { group.cancelAll() }
      while let result = try await group.next() {
        if let result { return result }
      }
      throw CancellationError()
    }
  }

  /// The digest of the same events in a store of its own.
  func freshDigest() async throws -> ContentDigest {
    let fresh = try Library(InMemoryReadModelEngine(), log: log)
    try await fresh.shelf.catchUp()
    return try await fresh.shelf.digest().digest
  }

  /// Waits until the read model has everything that is in the log now.
  func settled() async throws {
    let head = try await log.head()
    try await shelf.read(atLeast: head, stream: nil, patience: .seconds(20)) { _ in }
  }
}
