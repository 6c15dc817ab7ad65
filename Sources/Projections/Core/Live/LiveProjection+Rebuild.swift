internal import EventLogCore
internal import Logging
internal import MessagingCore
internal import Synchronization
internal import WeaveRuntime

// The loop that carries out what the rebuild's machine asks for. A command cancels the step that
// goes on, is carried out alone, and the loop then goes on from the phase it finds: the same way in
// which a new process resumes.
extension LiveProjection {
  func runRebuilds() async throws {
    while true {
      try await step()
      while let command = commands.update({ $0.isEmpty ? nil : $0.removeFirst() }) {
        do {
          try await carryOut(command.kind)
          command.answer(.success(()))
        } catch {
          command.answer(.failure(error))
          try Task.checkCancellation()
        }
      }
    }
  }

  /// Does what the phase asks for until the phase changes or a command comes.
  private func step() async throws {
    let machine = row.rebuild
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { [commands] in _ = try await commands.wait { !$0.isEmpty } }
      switch machine.resume() {
      case .fill(let shadow):
        group.addTask { try await self.attempt { try await self.fillShadow(shadow) } }
      case .verify(let shadow):
        group.addTask { try await self.attempt { try await self.verify(shadow) } }
      case .follow(let shadow):
        group.addTask { try await self.persist("follow the log") { try await self.follow(shadow) } }
      case .switchTo, .drop, .none: break
      }
      do {
        try await group.next()
      } catch {
        group.cancelAll()
        throw error
      }
      group.cancelAll()
      while let result = await group.nextResult() {
        if case .failure(let error) = result, !(error is CancellationError) { throw error }
      }
    }
  }

  /// Runs a step; what ends it other than cancellation or an outage ends the rebuild.
  private func attempt(_ body: () async throws -> Void) async throws {
    do {
      try await body()
    } catch {
      try Task.checkCancellation()
      logger.error(
        "A rebuild failed",
        metadata: [LoggingKeys.projection: "\(P.id)", LoggingKeys.error: "\(error)"]
      )
      let reason = String(describing: error)
      try await change { row, _ in
        _ = try row.rebuild.fail(reason, at: .now)
        row.dropUnused()
      }
    }
  }

  private func fillShadow(_ shadow: UInt32) async throws {
    try await fill(shadow)
    try await change { row, _ in
      _ = try row.rebuild.reachedHead(at: .now)
    }
  }

  private func follow(_ shadow: UInt32) async throws {
    while true {
      let position = try await fill(shadow).position
      _ = try await log.head(beyond: position)
    }
  }

  @discardableResult
  func fill(
    _ generation: UInt32,
    through end: GlobalPosition? = nil
  ) async throws -> FillProgress {
    let progress = try await Filler(handler(of: generation), from: log).fill(through: end) {
      [self] progress in
      state.withLock { $0.rebuilding = progress }
    }
    return progress
  }

  private func carryOut(_ command: RebuildCommand.Kind) async throws {
    do {
      switch command {
      case .start(let comparison, let keepsPrevious): try await start(comparison, keepsPrevious)
      case .cancel:
        try await change { row, _ in
          _ = try row.rebuild.cancel(at: .now)
          row.dropUnused()
        }
      case .cutOver:
        let shadow = row.rebuild.shadow
        guard row.rebuild.phase == .ready else { throw RebuildError.phase(row.rebuild.phase) }
        try await switchLive(to: shadow) { row in _ = try row.rebuild.cutOver(at: .now) }
      case .rollBack: try await returnToPrevious()
      case .dropPrevious:
        guard row.previous != 0 else { throw RebuildError.noPrevious }
        try await change { row, _ in
          row.previous = 0
          row.dropUnused()
        }
      }
    } catch let refusal as RebuildMachine.Refusal {
      throw RebuildError.phase(refusal.phase)
    }
  }

  private func start(_ comparison: RebuildComparison, _ keepsPrevious: Bool) async throws {
    try await change { row, nextNumber in
      let number = nextNumber()
      _ = try row.rebuild.start(into: number, comparing: comparison, at: .now)
      // One rollback is kept at a time, or every rebuild would need room for one more. A comparison
      // needs that room for its own time: it is told to change nothing.
      if !keepsPrevious { row.previous = 0 }
      row.generations.append(.init(number: number, version: P.id.version, isFilled: false))
      row.dropUnused()
    }
    state.withLock { state in
      state.rebuilding = nil
      state.found = nil
    }
  }

  private func returnToPrevious() async throws {
    let row = row
    guard row.previous != 0, let previous = row.generation(row.previous) else {
      throw RebuildError.noPrevious
    }
    guard previous.version == P.id.version else {
      throw RebuildError.otherVersion(previous.version)
    }
    guard !row.rebuild.phase.isRunning else { throw RebuildError.phase(row.rebuild.phase) }
    try await switchLive(to: previous.number) { _ in }
  }

  /// Makes a generation live that is filled through the head, so that reads never go back.
  private func switchLive(
    to generation: UInt32,
    _ transition: @escaping @Sendable (inout ProjectionRow) throws -> Void
  ) async throws {
    try await fill(generation)
    try await gate.paused { [self] in
      let position = try await fill(generation, through: try await log.head()).position
      // The row is synced; what it points to must not be able to get lost alone.
      try await store.run { [self] in try store.engine.sync() }
      try await change { row, _ in
        try transition(&row)
        row.previous = row.live
        row.live = generation
        guard let index = row.generations.firstIndex(where: { $0.number == generation }) else {
          throw ReadModelError.damaged("generation \(generation) is not known")
        }
        row.generations[index].isFilled = true
        row.dropUnused()
      }
      applied.advance(to: position)
      isFilled.update { $0 = true }
    }
  }
}
