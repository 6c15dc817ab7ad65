internal import EventLogCore
internal import GRPCCore
internal import ProjectionsCore

/// Finds events by several criteria at once.
///
/// Which criterion is the rarest is not known beforehand, and no statistics are kept: each source
/// that can find the events alone looks at a few candidates in turn, at twice as many in the next
/// round, and the one that first has a full page or comes to its end gives the answer. That costs
/// at most a few times what the best of them costs.
struct AuditSearch: Sendable {
  let engine: any EventLogEngine
  let index: any ProjectionReader

  /// What was found.
  struct Page: Sendable {
    var events: [RecordedEvent] = []
    /// Everything up to here was looked at.
    var scannedTo: GlobalPosition
    var isEnd: Bool
  }

  /// Where a question is asked: the stretch of the log, and what the answer is true at.
  struct Scope: Sendable {
    var range: AuditRange
    /// The position that the answer is true at.
    var position: GlobalPosition
    var head: GlobalPosition
  }

  /// Finds the stretch that is meant.
  func scope(
    of criteria: AuditCriteria,
    direction: Direction
  ) async throws -> Scope {
    let head = try await engine.head()
    let position = criteria.lists.isEmpty ? head : try await indexed(through: head)
    var range = AuditRange(after: .start, through: position, direction: direction)
    if let since = criteria.since {
      range.after = try await engine.lastPosition(before: since)
    }
    if let until = criteria.until {
      range.through = min(position, try await engine.lastPosition(before: until))
    }
    return Scope(range: range, position: position, head: head)
  }

  /// Waits for the index to reach the head; where that takes too long, tells how far it is.
  func indexed(through head: GlobalPosition) async throws -> GlobalPosition {
    do {
      return try await index.read(atLeast: head, stream: nil, patience: AuditLimits.patience) {
        min($0.appliedPosition, head)
      }
    } catch is ProjectionReadError {
      do {
        return try await index.read { min($0.appliedPosition, head) }
      } catch ProjectionReadError.lagging(let applied, let lag) {
        throw RPCError(
          code: .unavailable,
          message:
            "the audit index is filled for the first time: it is at \(applied), \(lag) to go",
          metadata: ["ww-reason": "projection-lagging", "ww-lag": "\(lag)"]
        )
      }
    }
  }

  /// One page of a range; `limit` counts events, `bound` what may be looked at, in candidates.
  func page(
    _ criteria: AuditCriteria,
    _ range: AuditRange,
    limit: Int,
    bound: Int = AuditLimits.pageCost
  ) async throws -> Page {
    guard !range.isEmpty else { return Page(scannedTo: range.start, isEnd: true) }
    var walks = try await sources(criteria, range).map { Walk($0, at: range.start) }
    var candidates = max(AuditLimits.firstLook, limit)
    var cost = 0
    while true {
      for number in walks.indices {
        cost += try await walks[number].look(at: candidates, criteria)
        if walks[number].isDone(limit) { return walks[number].page(limit) }
      }
      if cost >= bound {
        return walks.dropFirst().reduce(walks[0]) { best, walk in
          range.isFurther(walk.scannedTo, than: best.scannedTo) ? walk : best
        }.page(limit)
      }
      candidates = min(candidates * 2, AuditLimits.longestLook)
    }
  }

  private func sources(
    _ criteria: AuditCriteria,
    _ range: AuditRange
  ) async throws -> [any AuditSource] {
    var sources: [any AuditSource] = []
    if let stream = criteria.stream {
      sources.append(try await WholeStreamSource(engine, stream, criteria, range))
    }
    let lists = criteria.lists
    if criteria.namesWhat {
      sources.append(
        lists.isEmpty
          ? LogSource(engine, criteria.query, range)
          : JoinedSource(engine, index, criteria, range)
      )
    }
    if !lists.isEmpty { sources.append(PostingSource(engine, index, lists, range)) }
    if sources.isEmpty { sources.append(LogSource(engine, .all, range)) }
    return sources
  }

  /// A source with what it has found.
  private struct Walk {
    var source: any AuditSource
    var hits: [RecordedEvent] = []
    var scannedTo: GlobalPosition
    var isEnd = false
    /// What the hits hold.
    private var bytes = 0

    init(_ source: any AuditSource, at place: GlobalPosition) {
      self.source = source
      scannedTo = place
    }

    /// Looks at so many candidates more, and tells what it took.
    mutating func look(at candidates: Int, _ criteria: AuditCriteria) async throws -> Int {
      let look = try await source.look(at: candidates)
      let found = look.events.filter(criteria.matches)
      hits += found
      bytes += found.byteCount
      scannedTo = look.scannedTo
      isEnd = look.isEnd
      return max(look.cost, look.events.byteCount / AuditLimits.bytesPerEvent)
    }

    /// Whether it has all that a page takes, in events or in bytes, or nothing is left.
    func isDone(_ limit: Int) -> Bool {
      isEnd || hits.count >= limit || bytes >= EventPage.messageBytes
    }

    /// The page: cut at its count and at what a message holds, but never empty for a large event.
    func page(_ limit: Int) -> Page {
      var page = Page(events: [], scannedTo: scannedTo, isEnd: isEnd)
      var bytes = 0
      for event in hits {
        bytes += event.withEnvelope { $0.count }
        guard page.events.count < limit, page.events.isEmpty || bytes <= EventPage.messageBytes
        else {
          page.isEnd = false
          page.scannedTo = page.events.last?.position ?? scannedTo
          break
        }
        page.events.append(event)
      }
      return page
    }
  }
}
