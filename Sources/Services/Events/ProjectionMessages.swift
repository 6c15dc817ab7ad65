internal import EventLogCore
internal import MessagingCore
internal import ProjectionsCore
internal import Schemas
internal import WeaveRuntime

extension Wordweave_Events_V1_ProjectionStatus {
  init(_ status: ProjectionStatus) {
    self.init()
    name = status.id.title
    version = UInt32(status.id.version)
    generation = UInt64(status.generation)
    previousGeneration = UInt64(status.previous ?? 0)
    applied = status.applied.number
    head = status.head.number
    parked = UInt64(status.parked)
    state = status.rebuild?.phase.isUnfinished == true ? "rebuilding" : status.state.rawValue
  }
}

extension RebuildPhase {
  /// Whether the shadow generation is still being worked on.
  var isUnfinished: Bool { self == .filling || self == .verifying }
}

extension Wordweave_Events_V1_RebuildProgress {
  init(_ rebuild: RebuildStatus, total head: GlobalPosition) {
    self.init()
    phase = rebuild.phase.rawValue
    total = head.number
    if let progress = rebuild.progress {
      done = progress.position.number
      total = max(progress.target, head).number
      rate = progress.rate
      if let left = progress.timeLeft { secondsLeft = left.inSeconds }
    }
    message = rebuild.reason ?? ""
    guard let found = rebuild.found else { return }
    freshDigest = "\(found.shadow)"
    // What took over is what is live.
    let live: ContentDigest? = rebuild.phase == .cutOver ? found.shadow : found.live
    if let live { liveDigest = "\(live)" }
    if rebuild.phase == .failed, found.isDifferent { message += "; " + Self.mayDiffer }
  }

  /// Says how a rebuild that was only to be compared came out.
  mutating func tell(comparison rebuild: RebuildStatus) {
    switch rebuild.phase {
    case .ready where rebuild.found?.isEqual == true: phase = "equal"
    case .ready:
      phase = "checked"
      message = Self.differsRightly
    case .failed where rebuild.found?.isDifferent == true: phase = "different"
    // Neither was compared to the end: that it failed or was cancelled is all there is to tell.
    default: break
    }
  }

  /// What to do about a difference.
  private static let mayDiffer =
    "where events were removed since, or the live read model is known to be wrong, a rebuild without "
    + "the comparison takes over all the same"
  /// Why nothing is said about a difference.
  private static let differsRightly =
    "the live read model and a fresh replay differ, which proves nothing, since events were removed "
    + "from the log; the fresh one was checked by itself alone"
}

extension Wordweave_Events_V1_ReplayProgress {
  init(_ rehearsal: Rehearsal, from after: UInt64, through: GlobalPosition) {
    self.init()
    done = rehearsal.position.number > after ? rehearsal.position.number - after : 0
    total = through.number > after ? through.number - after : 0
    failures = rehearsal.failures
    writes = rehearsal.writes
  }
}

extension Wordweave_Events_V1_ParkedStream {
  init(_ parked: ParkedStream, of id: ProjectionID) {
    self.init()
    projection = id.title
    stream = parked.stream.text
    position = parked.headPosition.number
    revision = parked.headRevision.number
    behind = parked.behind
    state = parked.state.rawValue
    attempts = UInt32(parked.attempts)
    error = parked.error
    kind = parked.kind.rawValue
    firstFailed = parked.firstFailed.microseconds
  }
}
