internal import EventLogCore
internal import Schemas

extension UmaDBEndpoint {
  /// Writes the events, or finds that they were written before; answers the last one's position.
  func append(_ wire: Umadb_V1_AppendRequest) async throws(EventLogError) -> GlobalPosition {
    let request = try AppendRequest(wire)
    do throws(EventLogError) {
      return try await log.append(request).lastPosition
    } catch .conditionFailed(let firstMatch) {
      if let position = try await repeated(request, firstMatch: firstMatch) { return position }
      throw .conditionFailed(firstMatch: firstMatch)
    }
  }

  /// Where the events stand if they are the first that match the condition which failed.
  ///
  /// That is this protocol's own rule for repeats: it asks neither for new ids nor for tracking, and
  /// an event without id is never recognised. The nil UUID counts as an id.
  private func repeated(
    _ request: AppendRequest,
    firstMatch: GlobalPosition
  ) async throws(EventLogError) -> GlobalPosition? {
    guard let condition = request.condition else { return nil }
    let submitted = request.parts.flatMap { $0.events.map(\.id) }
    guard !submitted.contains(nil) else { return nil }
    // The match may belong to a commit that is not published where this engine reads.
    _ = try await log.head(beyond: GlobalPosition(firstMatch.number - 1))
    var rest = submitted[...]
    var after = GlobalPosition(firstMatch.number - 1)
    while true {
      let page = try await log.readAll(
        after: after,
        matching: condition.failIfMatches,
        direction: .forward,
        limit: min(rest.count, EventLogLimits.pageEvents),
        // Removed events still count in conditions, so they count here.
        includeRemoved: true
      )
      for event in page.events {
        guard event.callerID == rest.first else { return nil }
        rest.removeFirst()
        if rest.isEmpty { return event.position }
      }
      guard !page.isEnd else { return nil }
      after = page.scannedTo
    }
  }
}
