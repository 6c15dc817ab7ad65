public import EventLogCore

/// What a projection is doing.
public enum ProjectionState: String, Hashable, Sendable {
  /// Nobody runs it.
  case stopped
  /// Its live generation is filled from the log in bulk.
  case filling
  /// Its lanes follow the feed.
  case live
  /// It failed and tries again.
  case troubled
}

/// What is known of a projection at one moment.
public struct ProjectionStatus: Sendable {
  /// Service, name and version.
  public let id: ProjectionID
  /// The number of the generation that is read.
  public let generation: UInt32
  /// The number of the generation that a rollback would return to.
  public let previous: UInt32?
  /// What it is doing.
  public let state: ProjectionState
  /// The last trouble, in words; nil if all is well.
  public let trouble: String?
  /// Everything at or below it is applied or parked.
  public let applied: GlobalPosition
  /// The head of the log.
  public let head: GlobalPosition
  /// Streams that are parked.
  public let parked: Int
  /// How far a bulk filling of the live generation is.
  public let filling: FillProgress?
  /// The rebuild that goes on or went last.
  public let rebuild: RebuildStatus?

  /// Positions between applied and head.
  public var lag: UInt64 { head > applied ? head.number - applied.number : 0 }
}

/// What is known of a rebuild at one moment.
public struct RebuildStatus: Sendable {
  /// The number of the generation it fills.
  public let generation: UInt32
  /// How far it is.
  public let phase: RebuildPhase
  /// Why it failed; nil otherwise.
  public let reason: String?
  /// When it began.
  public let started: Timestamp
  /// When it entered its phase.
  public let changed: Timestamp
  /// Where the shadow was compared or checked; nil before.
  public let comparedAt: GlobalPosition?
  /// What was found there, or where it failed; nil before, and after a restart of the process.
  public let found: RebuildFinding?
  /// How far its filling is in this process; nil before the first page.
  public let progress: FillProgress?
}
