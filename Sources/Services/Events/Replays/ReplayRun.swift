internal import EventLogCore
internal import ProjectionsCore

/// One replay: what was asked, and how far it is.
struct ReplayRun: Sendable {
  enum State: Hashable, Sendable {
    case running
    case finished
    case cancelled
    case failed(String)
  }

  let id: String
  let consumer: String
  let plan: RehearsalPlan
  let started: Timestamp
  var state = State.running
  var progress: Rehearsal?
  var ended: Timestamp?

  var isRunning: Bool { state == .running }
}
