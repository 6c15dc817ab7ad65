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
