public import EventLogCore

/// The identity of a handler: one projection or reactor of one service, `service/name@version`.
public struct HandlerID: Hashable, Sendable, CustomStringConvertible {
  /// The service that owns the handler.
  public let service: String
  /// The handler's name within the service.
  public let name: String
  /// The version; another version is another handler with a state of its own.
  public let version: Int

  /// Makes an identity.
  public init(service: String, name: String, version: Int) {
    self.service = service
    self.name = name
    self.version = version
  }

  /// `service/name@version`.
  public var description: String { "\(service)/\(name)@\(version)" }
}

/// One handler on one partition: the only writer of that handler's state there.
public struct LaneID: Hashable, Sendable, CustomStringConvertible {
  /// The handler.
  public let handler: HandlerID
  /// The partition, from 0.
  public let partition: Int

  /// Makes an identity.
  public init(handler: HandlerID, partition: Int) {
    self.handler = handler
    self.partition = partition
  }

  /// `service/name@version#partition`.
  public var description: String { "\(handler)#\(partition)" }
}

/// What a lane has handled.
///
/// One scalar would lose events: with categories A and B, a dropped B@110 would be passed by A@120.
public struct Checkpoint: Hashable, Sendable {
  /// Which log the positions are of.
  public var log: LogIdentity
  /// Everything of the feed at or behind it is handled or parked.
  public var floor: GlobalPosition
  /// The last handled position of a category, kept while above the floor.
  public var marks: [Category: GlobalPosition]
  /// Raised by a claim; a commit under an older one is refused (M9).
  public var fence: UInt64

  /// Makes a checkpoint.
  public init(
    log: LogIdentity,
    floor: GlobalPosition,
    marks: [Category: GlobalPosition] = [:],
    fence: UInt64 = 0
  ) {
    self.log = log
    self.floor = floor
    self.marks = marks
    self.fence = fence
  }

  /// The last position of a category that is handled.
  public func mark(of category: Category) -> GlobalPosition {
    max(floor, marks[category] ?? .start)
  }
}

/// Why an event could not be handled, as far as it decides what happens next.
public enum ErrorKind: String, Hashable, Sendable, CaseIterable {
  /// The log's own event cannot be read.
  case undecodable
  /// The handler says that trying again is useless.
  case permanent
  /// It ended the process each time it ran alone.
  case killer
  /// A lost race or a deadline inside the store.
  case transient
  /// Anything else.
  case unknown
  /// The own store or a named dependency is down: the lane pauses, nothing parks.
  case outage
}

/// A stream that is parked for one handler: one row, however much waits behind it.
public struct ParkedStream: Hashable, Sendable {
  /// Whether the lane will try again by itself.
  public enum State: String, Hashable, Sendable {
    /// A timed redrive is due at `due`.
    case waiting
    /// Only an operator's wish redrives it.
    case dead
  }

  /// The stream; an event without one is parked by its id, as `#<id>`.
  public var stream: StreamName
  /// The partition of the stream.
  public var partition: Int
  /// The event that failed.
  public var headPosition: GlobalPosition
  /// The failed event's revision; 0 without a stream.
  public var headRevision: StreamRevision
  /// The last event that waits.
  public var tailPosition: GlobalPosition
  /// The last waiting event's revision.
  public var tailRevision: StreamRevision
  /// How many events wait behind the failed one.
  public var behind: UInt64
  /// Whether the lane will try again by itself.
  public var state: State
  /// When the next redrive is due.
  public var due: Timestamp
  /// Timed redrives so far.
  public var attempts: Int
  /// When the first failure was met.
  public var firstFailed: Timestamp
  /// The kind of the last failure.
  public var kind: ErrorKind
  /// The last failure, cut at `MessagingLimits.errorBytes`; never payloads.
  public var error: String
  /// Whether an operator asked for a redrive now.
  public var isWished: Bool

  /// Makes a row.
  public init(
    stream: StreamName,
    partition: Int,
    head: (position: GlobalPosition, revision: StreamRevision),
    state: State,
    due: Timestamp,
    firstFailed: Timestamp,
    kind: ErrorKind,
    error: String
  ) {
    self.stream = stream
    self.partition = partition
    headPosition = head.position
    headRevision = head.revision
    tailPosition = head.position
    tailRevision = head.revision
    behind = 0
    self.state = state
    self.due = due
    attempts = 0
    self.firstFailed = firstFailed
    self.kind = kind
    self.error = error
    isWished = false
  }
}

/// The rows of lanes inside one transaction of a handler's own store.
///
/// Effect, checkpoint and parking change commit together or not at all (M10).
public protocol LaneTransaction {
  /// The lane's checkpoint; nil if it never ran. A commit that then finds another fence fails.
  func checkpoint(of lane: LaneID) throws -> Checkpoint?
  /// Writes the lane's checkpoint.
  mutating func put(_ checkpoint: Checkpoint, of lane: LaneID) throws
  /// The parked streams of a lane, at most `limit`, by stream name after `after`.
  func parked(in lane: LaneID, after: StreamName?, limit: Int) throws -> [ParkedStream]
  /// One parked stream of a lane.
  func parked(_ stream: StreamName, in lane: LaneID) throws -> ParkedStream?
  /// Writes a parked stream's row.
  mutating func park(_ stream: ParkedStream, in lane: LaneID) throws
  /// Deletes a parked stream's row.
  mutating func unpark(_ stream: StreamName, in lane: LaneID) throws
}

/// The store that a handler's lanes commit to.
///
/// - Errors: `transact` throws what its body throws, after rolling back, or the store's failure.
public protocol LaneStore: Sendable {
  /// What a body works on.
  associatedtype Transaction: LaneTransaction
  /// Runs `body` on threads of the store; all that it changed commits at once, or nothing.
  func transact<R: Sendable>(
    _ body: @escaping @Sendable (inout Transaction) throws -> R
  ) async throws -> R
}

/// What a lane runs: one projection or reactor.
public protocol Handler: Sendable {
  /// The store its effects go to.
  associatedtype Store: LaneStore
  /// Who it is.
  var id: HandlerID { get }
  /// Which streams it asks for.
  var categories: Set<Category> { get }
  /// Which of their events it wants; the others pass without a call.
  var query: EventQuery { get }
  /// Where effects and checkpoint commit.
  var store: Store { get }
  /// Brings about the effect of one event inside the transaction.
  func handle(_ event: RecordedEvent, in transaction: inout Store.Transaction) throws
  /// What an error of `handle` means.
  func kind(of error: any Error) -> ErrorKind
}
