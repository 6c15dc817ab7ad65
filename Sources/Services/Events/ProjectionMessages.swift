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
  }
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
