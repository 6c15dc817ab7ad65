internal import EventLogCore
internal import ProjectionsCore
internal import Schemas

/// What brought an event about, and what it brought about.
struct CausationTree: Sendable {
  /// An event of the tree.
  struct Node: Sendable {
    let event: TracedEvent
    /// The position of the event that brought it about; nil for the root.
    let cause: GlobalPosition?
    let depth: Int
  }

  private(set) var nodes: [Node] = []
  /// What the root names as its cause, where that is no event, or one that it brought about itself.
  private(set) var origin: String?
  /// Whether there is more than was followed.
  private(set) var isCut = false

  /// Follows causes up to the root, then effects down.
  ///
  /// - from: the event that was asked for.
  /// - isWhole: whether the effects of the root are told instead of the event's own.
  init(
    from event: RecordedEvent,
    isWhole: Bool,
    engine: any EventLogEngine,
    index: any ProjectionReader
  ) async throws {
    var chain = [TracedEvent(event)]
    var known: Set<GlobalPosition> = [event.position]
    while let cause = chain.last?.cause {
      guard let id = EventID(cause), let position = try await engine.position(of: id),
        !known.contains(position), let above = try await engine.event(at: position)
      else {
        origin = cause
        break
      }
      guard chain.count < AuditLimits.traceDepth else {
        isCut = true
        break
      }
      known.insert(position)
      chain.append(TracedEvent(above))
    }
    chain.reverse()
    let kept = isWhole ? 1 : chain.count
    for (depth, event) in chain.prefix(kept).enumerated() {
      nodes.append(Node(event: event, cause: nodes.last?.event.position, depth: depth))
    }
    if isWhole, let origin, !isCut {
      // One command may bring several events about; all of them are roots then.
      let roots = try await Self.effects(of: [origin], room: AuditLimits.traceNodes, engine, index)
      nodes = roots.events.flatMap(\.self).map { Node(event: $0, cause: nil, depth: 0) }
      isCut = roots.isCut
    }
    try await descend(from: isWhole ? nodes.count : 1, engine, index)
  }

  /// The events that name each of some causes, looking at no more than `room` of all together, and
  /// whether some were left out.
  private static func effects(
    of causes: [String],
    room: Int,
    _ engine: any EventLogEngine,
    _ index: any ProjectionReader
  ) async throws -> (events: [[TracedEvent]], isCut: Bool) {
    let keys = causes.map(AuditIndex.key)
    let found = try await index.read { view in
      var places = EffectPlaces(room: room)
      for key in keys where !places.isCut { try places.add(key, of: view) }
      return places
    }
    var effects: [[TracedEvent]] = []
    for (cause, positions) in zip(causes, found.positions) {
      let events = try await traced(at: positions, engine)
      effects.append(events.filter { $0.cause == cause })
    }
    return (effects, found.isCut)
  }

  /// The events at positions in order, of which one page is held at a time.
  private static func traced(
    at positions: [GlobalPosition],
    _ engine: any EventLogEngine
  ) async throws -> [TracedEvent] {
    var events: [TracedEvent] = []
    var rest = positions[...]
    while !rest.isEmpty {
      // Its first page: more is not read once there is a byte.
      let page = try await engine.allEvents(at: Array(rest), bound: 1)
      // What is left lies beyond the head.
      guard !page.isEmpty else { break }
      events += page.map(TracedEvent.init)
      rest = rest.dropFirst(page.count)
    }
    return events
  }

  /// Adds the effects of the last nodes, level by level.
  private mutating func descend(
    from count: Int,
    _ engine: any EventLogEngine,
    _ index: any ProjectionReader
  ) async throws {
    var known = Set(nodes.map(\.event.position))
    var level = nodes.suffix(count)
    while !level.isEmpty {
      let found = try await Self.effects(
        of: level.map(\.event.id.description),
        room: AuditLimits.traceNodes - nodes.count,
        engine,
        index
      )
      if found.isCut { isCut = true }
      var next: [Node] = []
      for (parent, effects) in zip(level, found.events) {
        for event in effects where !known.contains(event.position) {
          guard parent.depth + 1 < AuditLimits.traceDepth else {
            isCut = true
            break
          }
          known.insert(event.position)
          next.append(Node(event: event, cause: parent.event.position, depth: parent.depth + 1))
        }
      }
      let first = nodes.count
      nodes += next
      level = nodes[first...]
    }
  }
}

/// Where the effects of some causes are, of all together no more than there is room for.
private struct EffectPlaces: Sendable {
  /// Of each cause; those of the last ones are missing once it is cut.
  private(set) var positions: [[GlobalPosition]] = []
  /// Whether some were left out.
  private(set) var isCut = false
  private var room: Int

  init(room: Int) { self.room = room }

  /// Looks up the effects of the next cause.
  ///
  /// Blocks.
  mutating func add(_ key: DocumentKey, of view: ReadModelView) throws {
    // One more than fits, to know whether something is left out.
    let found = try view.list(AuditIndex.causes, KeyRange(prefix: key), limit: room + 1)
    isCut = found.count > room
    let kept = found.prefix(room).map { AuditIndex.position(of: $0.key) }
    positions.append(kept)
    room -= kept.count
  }
}

/// What a tree keeps of an event: all but the payload, which may be a megabyte.
struct TracedEvent: Sendable {
  let position: GlobalPosition
  let id: EventID
  /// What it names as its cause; nil if nothing, or if its metadata is removed.
  let cause: String?
  /// What is told of it.
  let entry: Wordweave_Events_V1_AuditEntry

  init(_ event: RecordedEvent) {
    position = event.position
    id = event.id
    cause = event.metadata[Metadata.Keys.causationID].map(CausationID.plain)
    entry = Wordweave_Events_V1_AuditEntry(event)
  }
}
