internal import EventLogCore

/// One stream with what it lost: its own list has what it still shows, and the log before that has
/// the headers of what was removed.
struct WholeStreamSource: AuditSource {
  private let range: AuditRange
  /// What is left, in the order of the walk.
  private var parts: [Part] = []

  /// A stretch of the range with what finds its events.
  private struct Part: Sendable {
    var source: any AuditSource
    let last: GlobalPosition
  }

  /// Finds where what is removed ends.
  init(
    _ engine: any EventLogEngine,
    _ stream: StreamName,
    _ criteria: AuditCriteria,
    _ range: AuditRange
  ) async throws(EventLogError) {
    self.range = range
    let cut = try await engine.cut(of: stream)
    var (lost, shown) = (range, range)
    lost.through = min(range.through, cut)
    shown.after = max(range.after, cut)
    if !lost.isEmpty, criteria.fitsHeaders {
      let source = LostSource(engine, stream, criteria.query, lost)
      parts.append(Part(source: source, last: lost.last))
    }
    if !shown.isEmpty {
      let source = try await StreamSource(engine, stream, shown)
      parts.append(Part(source: source, last: shown.last))
    }
    if range.direction == .backward { parts.reverse() }
  }

  mutating func look(at candidates: Int) async throws -> AuditLook {
    guard !parts.isEmpty else {
      return AuditLook(events: [], scannedTo: range.last, isEnd: true, cost: 1)
    }
    var look = try await parts[0].source.look(at: candidates)
    guard look.isEnd else { return look }
    // A page of the log may reach beyond its part; the next part begins at its end all the same.
    look.scannedTo = parts.removeFirst().last
    look.isEnd = parts.isEmpty
    if look.isEnd { look.scannedTo = range.last }
    return look
  }
}

/// What a stream lost: its own list has it no more, so the log is walked for the headers.
private struct LostSource: AuditSource {
  private let stream: StreamName
  private var log: LogSource

  init(
    _ engine: any EventLogEngine,
    _ stream: StreamName,
    _ query: EventQuery,
    _ range: AuditRange
  ) {
    self.stream = stream
    log = LogSource(engine, query, range)
  }

  mutating func look(at candidates: Int) async throws -> AuditLook {
    var look = try await log.look(at: candidates)
    guard log.range.direction == .backward else { return look }
    // Nothing of the stream lies before its first event.
    let name = stream
    if look.events.contains(where: { $0.revision == .first && $0.stream == name }) {
      look.isEnd = true
    }
    return look
  }
}

extension EventLogEngine {
  /// The last position at which a stream may have lost an event; `.start` if it lost none.
  fileprivate func cut(of stream: StreamName) async throws(EventLogError) -> GlobalPosition {
    let page: EventPage
    do throws(EventLogError) {
      // The page begins with the first event that is kept (L50).
      page = try await read(stream, from: .first, direction: .forward, limit: 1)
    } catch {
      guard case .streamTombstoned = error else { throw error }
      return .max
    }
    switch page.stream {
    case .truncated?, .tombstoned?: return .max
    case .neverWritten?, nil: return .start
    case .written(let first, _)?:
      // Positions grow with revisions, so all that was removed lies before what is kept.
      guard first > .first, let event = page.events.first else { return .start }
      return GlobalPosition(event.position.number - 1)
    }
  }
}
