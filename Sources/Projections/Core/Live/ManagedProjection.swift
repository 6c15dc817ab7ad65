public import EventLogCore

/// A registered projection of any kind, as operators see it.
///
/// - Shape: commands are carried out by `run(lanes:)`, one after another, and answer when they are.
/// - Errors: `RebuildError`; failures of log and store.
/// - Source: architecture, decision 9.
public protocol ManagedProjection: ProjectionReader {
  /// Service, name and version.
  var id: ProjectionID { get }
  /// Runs lanes and rebuilds until cancelled.
  func run(lanes: some LaneRunner) async throws
  /// Fills the live generation through the head, while nothing runs it.
  func catchUp() async throws
  /// What it is doing.
  func status() async throws -> ProjectionStatus
  /// The content of the live generation, and the position it surely reflects.
  func digest() async throws -> (digest: ContentDigest, position: GlobalPosition)
  /// Begins a rebuild and answers when its shadow generation exists.
  func startRebuild(comparing: RebuildComparison) async throws
  /// Begins a rebuild that is to be compared with the live generation and then given up; answers
  /// as `startRebuild`, and leaves what a rollback returns to.
  func startComparison() async throws
  /// Gives a rebuild up; its rows are dropped.
  func cancelRebuild() async throws
  /// Makes a rebuild that is ready the live generation; the one before is kept.
  func cutOver() async throws
  /// Makes the generation before the last cut-over live again, after it caught up.
  func rollBack() async throws
  /// Drops the generation before the last cut-over.
  func dropPrevious() async throws
  /// Folds a range of the log without keeping anything, and tells what happened.
  func rehearse(
    _ plan: RehearsalPlan,
    progress: @escaping @Sendable (Rehearsal) -> Void
  ) async throws -> Rehearsal
  /// Waits until the rebuild is not filling or verifying any more, and tells where it stands.
  func rebuildSettled() async throws -> RebuildStatus?
}

/// Why a command about rebuilds is refused.
public enum RebuildError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Nobody runs the projection.
  case notRunning
  /// A rebuild is in this phase, which does not allow what was asked.
  case phase(RebuildPhase)
  /// There is no generation to return to.
  case noPrevious
  /// The generation before was filled by another version of the projection.
  case otherVersion(Int)

  /// What was found.
  public var description: String {
    switch self {
    case .notRunning: "the projection is not running"
    case .phase(let phase): "the rebuild is \(phase.rawValue)"
    case .noPrevious: "there is no previous generation"
    case .otherVersion(let version): "the previous generation is of version \(version)"
    }
  }
}
