public import EventLogCore
public import MessagingCore

/// The lane rows that a transaction read and wrote.
struct LaneOverlay {
  /// The fence that was stored when a lane's checkpoint was first read here; nil: no row.
  var fencesRead: [LaneID: UInt64?] = [:]
  var checkpoints: [LaneID: Checkpoint] = [:]
  /// nil marks a deletion.
  var parked: [LaneID: [StreamName: ParkedStream?]] = [:]

  var isEmpty: Bool { checkpoints.isEmpty && parked.isEmpty }

  mutating func flush(into batch: inout ReadModelBatch, generation: UInt32) {
    for (lane, checkpoint) in checkpoints {
      batch.put(RowKeys.checkpoint(lane, of: generation), checkpoint.row)
    }
    for (lane, rows) in parked {
      for (stream, row) in rows {
        let key = RowKeys.parked(stream, in: lane, of: generation)
        if let row { batch.put(key, row.row) } else { batch.delete(key) }
      }
    }
    checkpoints.removeAll(keepingCapacity: true)
    parked.removeAll(keepingCapacity: true)
    fencesRead.removeAll(keepingCapacity: true)
  }

  /// Throws unless every lane is as this transaction saw it, and none that it writes was claimed
  /// by a newer owner (M9).
  ///
  /// The caller lets no other commit of the generation pass meanwhile.
  func checkFences(in source: any ReadModelSource, generation: UInt32) throws(ReadModelError) {
    for lane in Set(fencesRead.keys).union(checkpoints.keys) {
      let row = try source.get(RowKeys.checkpoint(lane, of: generation))
      var stored: UInt64?
      if let row { stored = try Checkpoint(row: row).fence }
      if let read = fencesRead[lane], read != stored { throw .fenced(lane) }
      if let written = checkpoints[lane], let stored, stored > written.fence { throw .fenced(lane) }
    }
  }
}

extension ReadModelTransaction {
  /// The lane's checkpoint; a filler's base stands in for what the lane did not handle itself.
  public func checkpoint(of lane: LaneID) throws -> Checkpoint? {
    if let written = overlay.lanes.checkpoints[lane] { return written }
    let row = try overlay.source.get(RowKeys.checkpoint(lane, of: overlay.generation))
    let own = try row.map { row throws(ReadModelError) in try Checkpoint(row: row) }
    if overlay.lanes.fencesRead[lane] == nil {
      overlay.lanes.fencesRead.updateValue(own?.fence, forKey: lane)
    }
    return try Checkpoint.effective(
      own,
      of: lane.partition,
      in: overlay.source,
      generation: overlay.generation
    )
  }

  /// Writes the lane's checkpoint.
  public mutating func put(_ checkpoint: Checkpoint, of lane: LaneID) throws {
    overlay.lanes.checkpoints[lane] = checkpoint
  }

  /// The parked streams of a lane by name, the transaction's own changes included.
  public func parked(
    in lane: LaneID,
    after: StreamName?,
    limit: Int
  ) throws -> [ParkedStream] {
    let changes = overlay.lanes.parked[lane] ?? [:]
    var range = RowRange(prefix: RowKeys.parked(in: lane, of: overlay.generation))
    if let after {
      range.from = RowKeys.parked(after, in: lane, of: overlay.generation) + [0]
    }
    // Each deletion here can hide one stored row, so that many more are looked at.
    let rows = try overlay.source.scan(
      range,
      isBackward: false,
      limit: min(limit, .max - changes.count) + changes.count
    )
    var found: [ParkedStream] = []
    for row in rows {
      let stored = try ParkedStream(row: row.value)
      if changes[stored.stream] == nil { found.append(stored) }
    }
    found += changes.values.compactMap(\.self).filter { row in
      after.map { $0 < row.stream } ?? true
    }
    return Array(found.sorted { $0.stream < $1.stream }.prefix(limit))
  }

  /// One parked stream of a lane.
  public func parked(_ stream: StreamName, in lane: LaneID) throws -> ParkedStream? {
    if let change = overlay.lanes.parked[lane]?[stream] { return change }
    let key = RowKeys.parked(stream, in: lane, of: overlay.generation)
    return try overlay.source.get(key).map { row in try ParkedStream(row: row) }
  }

  /// Writes a parked stream's row.
  public mutating func park(_ stream: ParkedStream, in lane: LaneID) throws {
    overlay.lanes.parked[lane, default: [:]].updateValue(stream, forKey: stream.stream)
  }

  /// Deletes a parked stream's row.
  public mutating func unpark(_ stream: StreamName, in lane: LaneID) throws {
    overlay.lanes.parked[lane, default: [:]].updateValue(nil, forKey: stream)
  }
}

extension Checkpoint {
  /// A lane's checkpoint, never behind the base that a filler left for its partition.
  static func effective(
    _ own: Checkpoint?,
    of partition: Int,
    in source: any ReadModelSource,
    generation: UInt32
  ) throws(ReadModelError) -> Checkpoint? {
    guard let row = try source.get(RowKeys.base(of: generation, partition: partition)) else {
      return own
    }
    let base = try Checkpoint(row: row)
    guard var own else { return base }
    // A filler may have gone on in an epoch that began after the lane's last commit. Where the lane
    // handled more than that epoch holds, its own one stays and is refused.
    if let same = own.accepted(by: base.log) { own = same }
    own.floor = max(own.floor, base.floor)
    own.marks = own.marks.filter { $0.value > base.floor }
    return own
  }
}
