public import EventLogCore
public import MessagingCore
internal import Synchronization

/// A lane store in memory that rolls back, remembers effects, and fails when it is told to.
///
/// Effects are the positions that took effect, by stream; an event without one counts by `#<id>`.
public final class MemoryLaneStore: LaneStore {
  /// How a commit fails.
  public enum Fault: Sendable {
    /// Nothing is kept.
    case beforeCommit
    /// Everything is kept, and the caller is not told so.
    case afterCommit
  }

  /// What a faulty commit throws.
  public struct Failure: Error {
    /// How it failed.
    public let fault: Fault
  }

  struct Rows: Sendable {
    var checkpoints: [LaneID: Checkpoint] = [:]
    var parked: [LaneID: [StreamName: ParkedStream]] = [:]
    var effects: [StreamName: [GlobalPosition]] = [:]
    var commits = 0
  }

  /// One transaction: its own changes over what is committed.
  public struct Transaction: LaneTransaction {
    let base: Rows
    var checkpoints: [LaneID: Checkpoint] = [:]
    var parked: [LaneID: [StreamName: ParkedStream?]] = [:]
    var effects: [(stream: StreamName, position: GlobalPosition)] = []

    init(_ base: Rows) { self.base = base }

    /// Brings about an effect.
    public mutating func record(_ event: RecordedEvent) {
      let stream = event.stream ?? StreamName("#" + event.id.description)
      effects.append((stream, event.position))
    }

    /// The lane's checkpoint.
    public func checkpoint(of lane: LaneID) throws -> Checkpoint? {
      checkpoints[lane] ?? base.checkpoints[lane]
    }
    /// Writes the lane's checkpoint.
    public mutating func put(_ checkpoint: Checkpoint, of lane: LaneID) throws {
      checkpoints[lane] = checkpoint
    }
    /// The parked streams of a lane.
    public func parked(
      in lane: LaneID,
      after: StreamName?,
      limit: Int
    ) throws -> [ParkedStream] {
      var rows = base.parked[lane] ?? [:]
      for (stream, row) in parked[lane] ?? [:] { rows[stream] = row }
      let sorted = rows.values.sorted { $0.stream < $1.stream }
      return Array(sorted.filter { row in after.map { row.stream > $0 } ?? true }.prefix(limit))
    }
    /// One parked stream.
    public func parked(_ stream: StreamName, in lane: LaneID) throws -> ParkedStream? {
      if let change = parked[lane]?[stream] { return change }
      return base.parked[lane]?[stream]
    }
    /// Writes a row.
    public mutating func park(_ stream: ParkedStream, in lane: LaneID) throws {
      parked[lane, default: [:]].updateValue(stream, forKey: stream.stream)
    }
    /// Deletes a row.
    public mutating func unpark(_ stream: StreamName, in lane: LaneID) throws {
      parked[lane, default: [:]].updateValue(nil, forKey: stream)
    }
  }

  private struct State {
    var rows = Rows()
    var fault: (@Sendable () -> Fault?)?
  }
  private let state = Mutex(State())

  /// Makes an empty store.
  public init() {}

  /// Asked before each commit.
  public func setFault(_ fault: (@Sendable () -> Fault?)?) { state.withLock { $0.fault = fault } }

  /// What took effect, by stream, in the order in which it did.
  public var effects: [StreamName: [GlobalPosition]] { state.withLock { $0.rows.effects } }
  /// Every parked stream.
  public var parked: [ParkedStream] {
    state.withLock { $0.rows.parked.values.flatMap(\.values) }
  }
  /// How many transactions were committed.
  public var commits: Int { state.withLock { $0.rows.commits } }
  /// The committed checkpoint of a lane.
  public func checkpoint(of lane: LaneID) -> Checkpoint? {
    state.withLock { $0.rows.checkpoints[lane] }
  }

  /// Runs `body` alone in the store.
  public func transact<R: Sendable>(
    _ body: @escaping @Sendable (inout Transaction) throws -> R
  ) async throws -> R {
    try run(body)
  }

  /// The same without suspending, for simulations.
  public func run<R: Sendable>(_ body: (inout Transaction) throws -> R) throws -> R {
    let fault = state.withLock { $0.fault }?()
    return try state.withLock { state in
      var transaction = Transaction(state.rows)
      let result = try body(&transaction)
      if case .beforeCommit = fault { throw Failure(fault: .beforeCommit) }
      Self.commit(transaction, to: &state.rows)
      if case .afterCommit = fault { throw Failure(fault: .afterCommit) }
      return result
    }
  }

  private static func commit(_ transaction: Transaction, to rows: inout Rows) {
    rows.commits += 1
    for (lane, checkpoint) in transaction.checkpoints { rows.checkpoints[lane] = checkpoint }
    for (lane, changes) in transaction.parked {
      for (stream, row) in changes { rows.parked[lane, default: [:]][stream] = row }
    }
    for effect in transaction.effects {
      rows.effects[effect.stream, default: []].append(effect.position)
    }
  }
}
