internal import EventLogCore
internal import MessagingCore

extension ReadModelStore {
  /// Finds the generation that a projection's version reads, or makes it.
  ///
  /// Blocks.
  ///
  /// Another version than the live one never reads its rows: it takes up a generation that the
  /// same version left, or begins an empty one, and the one read so far becomes the previous.
  func open(_ id: ProjectionID) throws -> ProjectionRow {
    try change(id.title) { row, nextNumber in
      if let live = row.generation(row.live), live.version == id.version { return }
      if row.rebuild.phase.isRunning {
        _ = try row.rebuild.fail("another version of the projection was started", at: .now)
      }
      row.previous = row.live
      if let left = row.generations.last(where: { $0.version == id.version }) {
        row.live = left.number
      } else {
        let number = nextNumber()
        row.generations.append(.init(number: number, version: id.version, isFilled: false))
        row.live = number
      }
      row.dropUnused()
    }
  }

  /// As `open`, after generations were dropped that cannot follow this log: those that hold effects
  /// of events which a restored log lost (L36), and those of another log.
  ///
  /// Blocks.
  func open(_ id: ProjectionID, following log: LogIdentity) throws -> ProjectionRow {
    let lost = try (projection(id.title)?.generations ?? []).filter { generation in
      let handler = HandlerID(service: id.service, name: id.name, version: generation.version)
      return try checkpoints(of: handler, in: generation.number).contains { checkpoint in
        checkpoint.map { $0.accepted(by: log) == nil } ?? false
      }
    }.map(\.number)
    guard !lost.isEmpty else { return try open(id) }
    return try change(id.title) { row, nextNumber in
      if row.rebuild.phase.isRunning, lost.contains(row.rebuild.shadow) {
        _ = try row.rebuild.fail("the log was restored to a moment before it", at: .now)
      }
      if lost.contains(row.previous) { row.previous = 0 }
      row.generations.removeAll { lost.contains($0.number) }
      guard row.generation(row.live)?.version != id.version else { return }
      let number = nextNumber()
      row.generations.append(.init(number: number, version: id.version, isFilled: false))
      row.live = number
      row.dropUnused()
    }
  }

  /// How far a generation is in each partition, from its rows.
  ///
  /// Blocks.
  func checkpoints(
    of handler: HandlerID,
    in generation: UInt32
  ) throws(ReadModelError) -> [Checkpoint?] {
    var checkpoints: [Checkpoint?] = []
    for partition in 0..<MessagingLimits.partitions {
      let lane = LaneID(handler: handler, partition: partition)
      let row = try engine.get(RowKeys.checkpoint(lane, of: generation))
      let own = try row.map { row throws(ReadModelError) in try Checkpoint(row: row) }
      checkpoints.append(try .effective(own, of: partition, in: engine, generation: generation))
    }
    return checkpoints
  }
}
