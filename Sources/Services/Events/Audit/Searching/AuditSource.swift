internal import EventLogCore

/// One way to find events: a walk over candidates, in one direction, in which none is missing.
protocol AuditSource: Sendable {
  /// Looks at about so many candidates more.
  mutating func look(at candidates: Int) async throws -> AuditLook
}

/// What one look of a source found.
struct AuditLook: Sendable {
  /// Candidates in the order of the walk; what is asked for is among them.
  var events: [RecordedEvent]
  /// Everything up to here was looked at.
  var scannedTo: GlobalPosition
  /// Whether nothing of the range is left.
  var isEnd: Bool
  /// What it took, in candidates.
  var cost: Int
}

/// The log by types and tags, or all of it.
struct LogSource: AuditSource {
  let engine: any EventLogEngine
  let query: EventQuery
  let range: AuditRange
  private var place: GlobalPosition

  init(_ engine: any EventLogEngine, _ query: EventQuery, _ range: AuditRange) {
    self.engine = engine
    self.query = query
    self.range = range
    place = range.start
  }

  mutating func look(at candidates: Int) async throws -> AuditLook {
    let limit = min(candidates, EventLogLimits.pageEvents)
    let page = try await engine.readAll(
      after: place,
      matching: query,
      direction: range.direction,
      limit: limit,
      includeRemoved: true
    )
    place = page.scannedTo
    let isEnd = page.isEnd || range.ends(at: page.scannedTo)
    // A page that ends early without being full has looked at as many as one page may.
    let isScan = !page.isEnd && page.events.count < limit / 2
    return AuditLook(
      events: page.events.filter { range.contains($0.position) },
      scannedTo: page.scannedTo,
      isEnd: isEnd,
      cost: max(page.events.count, isScan ? AuditLimits.longestLook : 1)
    )
  }
}

/// What one stream still shows.
struct StreamSource: AuditSource {
  let engine: any EventLogEngine
  let stream: StreamName
  let range: AuditRange
  /// The next revision; nil at the end.
  private var next: StreamRevision?

  /// Finds where in the stream the range begins.
  init(
    _ engine: any EventLogEngine,
    _ stream: StreamName,
    _ range: AuditRange
  ) async throws(EventLogError) {
    self.engine = engine
    self.stream = stream
    self.range = range
    let newest = try await engine.read(stream, from: .max, direction: .backward, limit: 1)
    guard case .written(let first, let last) = newest.stream else { return }
    // The first revision behind `edge`, by halving: positions grow with revisions.
    let edge = range.direction == .forward ? range.after : range.through
    var (low, high) = (first.number, last.number + 1)
    if newest.events.first.map({ $0.position <= edge }) ?? true { low = high }
    while low < high {
      let middle = low + (high - low) / 2
      let page = try await engine.read(
        stream,
        from: StreamRevision(middle),
        direction: .forward,
        limit: 1
      )
      if let event = page.events.first, event.position <= edge {
        low = middle + 1
      } else {
        high = middle
      }
    }
    switch range.direction {
    case .forward: next = low <= last.number ? StreamRevision(low) : nil
    case .backward: next = low > first.number ? StreamRevision(low - 1) : nil
    }
  }

  mutating func look(at candidates: Int) async throws -> AuditLook {
    guard let from = next else {
      return AuditLook(events: [], scannedTo: range.last, isEnd: true, cost: 1)
    }
    let page = try await engine.read(
      stream,
      from: from,
      direction: range.direction,
      limit: min(candidates, EventLogLimits.pageEvents)
    )
    let last = page.events.last
    next = last?.revision.flatMap { revision in
      switch range.direction {
      case .forward: revision < .max ? revision.next : nil
      case .backward: revision > .first ? StreamRevision(revision.number - 1) : nil
      }
    }
    let place = last?.position ?? range.last
    let isEnd = page.isEnd || next == nil || range.ends(at: place)
    return AuditLook(
      events: page.events.filter { range.contains($0.position) },
      scannedTo: isEnd ? range.last : place,
      isEnd: isEnd,
      cost: max(1, page.events.count)
    )
  }
}
