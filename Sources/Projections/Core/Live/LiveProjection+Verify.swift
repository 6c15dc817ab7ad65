internal import EventLogCore
internal import MessagingCore
internal import Synchronization
internal import WeaveRuntime

/// Why the shadow may not become live.
struct ShadowDiffers: Error, CustomStringConvertible {
  let differences: [String]
  var description: String { differences.joined(separator: "; ") }
}

// What a shadow generation must stand before it may become live.
extension LiveProjection {
  /// Compares or checks a shadow that was filled; whoever reads the status finds the digests.
  func verify(_ shadow: UInt32) async throws {
    // Near the head first, so that the lanes stand still for the last few events only.
    try await fill(shadow)
    let (source, position) = try await gate.paused { [self] in
      let position = try await fill(shadow, through: try await log.head()).position
      try await fillLive(through: position)
      return (try await store.run { [self] in try store.engine.snapshot() }, position)
    }
    let row = row
    switch row.rebuild.comparison {
    case .live:
      try await compare(shadow, with: row.live, at: position, in: source)
    case .itself:
      let digest = try await store.run { [self] in
        try check(shadow, in: source)
        return try ContentDigest(of: shadow, in: source)
      }
      state.withLock { $0.found = RebuildFinding(live: nil, shadow: digest) }
    }
    try await change { row, _ in
      _ = try row.rebuild.agreed(on: position, at: .now)
    }
  }

  private func compare(
    _ shadow: UInt32,
    with live: UInt32,
    at position: GlobalPosition,
    in source: any ReadModelSource
  ) async throws {
    let comparison = try await store.run {
      try GenerationComparison(live: live, shadow: shadow, at: position, in: source)
    }
    // Before the phase changes: who waits for that reads it next.
    state.withLock {
      $0.found = RebuildFinding(live: comparison.live, shadow: comparison.shadow)
    }
    guard !comparison.isEqual else { return }
    // What was removed since it was folded is missing in a fresh fold of the whole log, and rightly
    // so. Other projections lose what one entity showed: whether that is meant, an operator says.
    guard P.isOfWholeLog, try await log.hasRemovals() else {
      throw ShadowDiffers(differences: comparison.differences)
    }
    try await store.run { [self] in try check(shadow, in: source) }
  }

  /// Throws unless a generation's documents can be read and its indexes agree with them.
  ///
  /// Blocks.
  private func check(_ generation: UInt32, in source: any ReadModelSource) throws {
    var found: [String] = []
    for case let collection as any CheckedCollection in P.collections {
      try collection.check(generation, in: source, &found)
    }
    guard found.isEmpty else { throw ShadowDiffers(differences: found) }
  }
}

extension EventLogEngine {
  /// Whether any stream was ever truncated or tombstoned.
  fileprivate func hasRemovals() async throws -> Bool {
    var after = GlobalPosition.start
    while true {
      let page = try await readAll(
        after: after,
        matching: Removal.query,
        direction: .forward,
        limit: 1,
        includeRemoved: true
      )
      if !page.events.isEmpty { return true }
      if page.isEnd { return false }
      after = page.scannedTo
    }
  }
}
