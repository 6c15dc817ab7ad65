/// Translations of events as they were once written into the shape that readers know today.
///
/// - Shape: one step per (type, schema version); steps chain until none applies. A step is pure:
///   it sees the payload alone, and the log keeps the bytes as they were written.
/// - A step that renames a type must exist for every version of it that was written, because
///   queries and conditions that ask for the new type are widened by the old one.
/// - Errors: a step that throws makes the read fail with `.corrupt`, which names the event.
public struct Upcasters: Sendable {
  /// A type in one version of its schema.
  public struct Shape: Hashable, Sendable, CustomStringConvertible {
    /// The type.
    public let type: EventType
    /// The version of its schema.
    public let schemaVersion: UInt32

    /// Makes a shape.
    public init(_ type: EventType, _ schemaVersion: UInt32) {
      self.type = type
      self.schemaVersion = schemaVersion
    }

    /// The type and its version.
    public var description: String { "\(type) v\(schemaVersion)" }
  }

  /// Turns a payload of one shape into a payload of the next.
  public typealias Transform = @Sendable ([UInt8]) throws -> [UInt8]

  private struct Step: Sendable {
    let target: Shape
    let transform: Transform
  }

  private var steps: [Shape: Step] = [:]
  // For each type the types whose events may turn into it, so that a query finds them.
  private var origins: [EventType: [EventType]] = [:]

  /// Makes a registry without steps.
  public init() {}

  /// Whether there is no step, so that reads pass pages through untouched.
  public var isEmpty: Bool { steps.isEmpty }

  /// Adds one step.
  ///
  /// A second step from the same shape, a step that closes a circle and a type that the log would
  /// not take are mistakes of the program and end it.
  public mutating func register(
    from source: Shape,
    to target: Shape,
    _ transform: @escaping Transform
  ) {
    precondition(steps[source] == nil, "\(source) has a step already")
    precondition(
      (1...EventLogLimits.nameBytes).contains(target.type.text.utf8.count),
      "\(target) is no type that the log takes"
    )
    precondition(end(of: target) != source, "the step from \(source) to \(target) closes a circle")
    steps[source] = Step(target: target, transform: transform)
    origins = Self.origins(of: steps)
  }

  /// The event in its newest shape.
  ///
  /// Removed events have no payload and stay as they are.
  public func upcast(_ event: RecordedEvent) throws(EventLogError) -> RecordedEvent {
    guard !steps.isEmpty, !event.isRemoved else { return event }
    var shape = Shape(event.type, event.schemaVersion)
    guard var step = steps[shape] else { return event }
    var data = event.data
    while true {
      do {
        data = try step.transform(data)
      } catch {
        throw .corrupt("\(shape) cannot become \(step.target): \(error)", at: event.position)
      }
      shape = step.target
      guard let next = steps[shape] else { break }
      step = next
    }
    return event.reshaped(type: shape.type, schemaVersion: shape.schemaVersion, data: data)
  }

  /// The page with every event in its newest shape, without those that `query` no longer matches.
  func upcast(_ page: EventPage, matching query: EventQuery) throws(EventLogError) -> EventPage {
    guard !steps.isEmpty else { return page }
    var matcher = QueryMatcher(query)
    var events: [RecordedEvent] = []
    events.reserveCapacity(page.events.count)
    for event in page.events {
      let event = try upcast(event)
      if matcher.matches(event) { events.append(event) }
    }
    return EventPage(
      events: events,
      scannedTo: page.scannedTo,
      head: page.head,
      isEnd: page.isEnd,
      stream: page.stream
    )
  }

  /// The query widened by the types that turn into those it asks for.
  func widen(_ query: EventQuery) -> EventQuery {
    guard !origins.isEmpty else { return query }
    return EventQuery(query.items.flatMap(widen))
  }

  private func widen(_ item: EventQuery.Item) -> [EventQuery.Item] {
    var types = item.types
    for type in item.types {
      for origin in origins[type] ?? [] where !types.contains(origin) { types.append(origin) }
    }
    guard types.count > EventLogLimits.queryTypes else {
      return [EventQuery.Item(types: types, tags: item.tags)]
    }
    // An item takes a limited number of types, and items are alternatives as types are.
    return stride(from: 0, to: types.count, by: EventLogLimits.queryTypes).map { begin in
      let end = min(begin + EventLogLimits.queryTypes, types.count)
      return EventQuery.Item(types: Array(types[begin..<end]), tags: item.tags)
    }
  }

  private func end(of shape: Shape) -> Shape {
    var shape = shape
    while let step = steps[shape] { shape = step.target }
    return shape
  }

  private static func origins(of steps: [Shape: Step]) -> [EventType: [EventType]] {
    var origins: [EventType: [EventType]] = [:]
    for start in steps.keys {
      var shape = start
      while let step = steps[shape] {
        shape = step.target
        let isKnown = origins[shape.type]?.contains(start.type) ?? false
        if shape.type != start.type, !isKnown {
          origins[shape.type, default: []].append(start.type)
        }
      }
    }
    return origins
  }
}
