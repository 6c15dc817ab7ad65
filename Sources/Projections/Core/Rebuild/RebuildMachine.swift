internal import EventLogCore

/// How far a rebuild is.
///
/// Values are stored; names are shown.
public enum RebuildPhase: String, Hashable, Sendable, CaseIterable {
  /// None was ever asked for.
  case idle
  /// The shadow generation reads the log.
  case filling
  /// Shadow and live are compared at one position.
  case verifying
  /// Nothing speaks against the shadow, which follows the head until cut-over or cancellation.
  case ready
  /// The shadow became the live generation.
  case cutOver
  /// It was given up; the shadow's rows are dropped.
  case cancelled
  /// It ended by a failure or a difference; the live generation was never touched.
  case failed

  /// Whether a shadow generation is being worked on.
  public var isRunning: Bool {
    switch self {
    case .filling, .verifying, .ready: true
    case .idle, .cutOver, .cancelled, .failed: false
    }
  }
}

/// The life of a rebuild as pure transitions: what is asked or happens → what is to be done.
///
/// ```
/// idle ─start─► filling ─reachedHead─► verifying ─agreed─► ready ─cutOver─► cutOver ─start─► …
///                  │                       │ differed         │
///                  └──────────────┬────────┴──────────────────┘
///                        cancel → cancelled, fail → failed
/// ```
/// Its fields are persisted in the projection's row with each transition, so a killed process
/// finds the phase it was in; `resume` says what that phase asks for.
struct RebuildMachine: Hashable, Sendable {
  /// What the owner does next.
  enum Action: Equatable, Sendable {
    /// Read the log into the shadow generation, from its own base.
    case fill(UInt32)
    /// Compare the shadow with the live generation.
    case verify(UInt32)
    /// Keep the shadow near the head.
    case follow(UInt32)
    /// Make the shadow live.
    case switchTo(UInt32)
    /// Drop the shadow's rows.
    case drop(UInt32)
    /// Nothing.
    case none
  }

  /// Why a transition is refused.
  enum Refusal: Error, Equatable {
    case alreadyRunning(RebuildPhase)
    case notRunning(RebuildPhase)
    case notReady(RebuildPhase)

    /// The phase in which it was refused.
    var phase: RebuildPhase {
      switch self {
      case .alreadyRunning(let phase), .notRunning(let phase), .notReady(let phase): phase
      }
    }
  }

  private(set) var phase: RebuildPhase = .idle
  /// The generation that is filled; 0 before the first rebuild.
  private(set) var shadow: UInt32 = 0
  /// Why it failed; empty otherwise.
  private(set) var reason = ""
  private(set) var started = Timestamp(microseconds: 0)
  private(set) var changed = Timestamp(microseconds: 0)
  /// Where the shadow was compared or checked.
  private(set) var position = GlobalPosition.start
  /// What the shadow is compared with.
  private(set) var comparison = RebuildComparison.live

  init() {}

  /// Takes over stored fields.
  init(
    phase: RebuildPhase,
    shadow: UInt32,
    reason: String,
    started: Timestamp,
    changed: Timestamp,
    position: GlobalPosition,
    comparison: RebuildComparison
  ) {
    self.phase = phase
    self.shadow = shadow
    self.reason = reason
    self.started = started
    self.changed = changed
    self.position = position
    self.comparison = comparison
  }

  mutating func start(
    into generation: UInt32,
    comparing comparison: RebuildComparison = .live,
    at now: Timestamp
  ) throws(Refusal) -> Action {
    guard !phase.isRunning else { throw .alreadyRunning(phase) }
    self = RebuildMachine()
    shadow = generation
    self.comparison = comparison
    started = now
    enter(.filling, now)
    return .fill(generation)
  }

  /// What a process that finds this state has to do.
  func resume() -> Action {
    switch phase {
    case .filling: .fill(shadow)
    case .verifying: .verify(shadow)
    case .ready: .follow(shadow)
    case .idle, .cutOver, .cancelled, .failed: .none
    }
  }

  mutating func reachedHead(at now: Timestamp) throws(Refusal) -> Action {
    guard phase == .filling else { throw .notRunning(phase) }
    enter(.verifying, now)
    return .verify(shadow)
  }

  mutating func agreed(on position: GlobalPosition, at now: Timestamp) throws(Refusal) -> Action {
    guard phase == .verifying else { throw .notRunning(phase) }
    self.position = position
    enter(.ready, now)
    return .follow(shadow)
  }

  mutating func cutOver(at now: Timestamp) throws(Refusal) -> Action {
    guard phase == .ready else { throw .notReady(phase) }
    enter(.cutOver, now)
    return .switchTo(shadow)
  }

  mutating func cancel(at now: Timestamp) throws(Refusal) -> Action {
    guard phase.isRunning else { throw .notRunning(phase) }
    enter(.cancelled, now)
    return .drop(shadow)
  }

  mutating func fail(_ why: String, at now: Timestamp) throws(Refusal) -> Action {
    guard phase.isRunning else { throw .notRunning(phase) }
    reason = why
    enter(.failed, now)
    return .drop(shadow)
  }

  private mutating func enter(_ next: RebuildPhase, _ now: Timestamp) {
    phase = next
    changed = now
  }
}
