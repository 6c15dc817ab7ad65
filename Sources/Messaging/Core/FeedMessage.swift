public import EventLogCore

/// What a feed carries: a hint that the log has an event.
///
/// The log is the truth.
public struct FeedMessage: Sendable {
  /// Where it goes.
  public let key: RoutingKey
  /// The id of the log its positions are of.
  public let log: EventID
  /// The event's position.
  public let position: GlobalPosition
  /// The position of the message before it with the same key, or a later one that is before
  /// `position`: who has handled that far misses nothing in between (M2).
  public let previous: GlobalPosition
  /// The event; nil: read it from the log.
  public let event: RecordedEvent?

  /// Makes a message.
  public init(
    key: RoutingKey,
    log: EventID,
    position: GlobalPosition,
    previous: GlobalPosition,
    event: RecordedEvent?
  ) {
    self.key = key
    self.log = log
    self.position = position
    self.previous = previous
    self.event = event
  }
}

/// The last position of every routing key up to a head.
public struct Tails: Sendable {
  /// Everything up to here is considered.
  public private(set) var head: GlobalPosition
  /// Where the fold began: keys not seen since then end here or before.
  public let base: GlobalPosition
  private var positions: [RoutingKey: GlobalPosition] = [:]

  /// Starts a fold at a head.
  public init(at head: GlobalPosition) {
    self.head = head
    base = head
  }

  /// The last position of a key, or an upper bound of it that is not beyond the head.
  public func tail(of key: RoutingKey) -> GlobalPosition { positions[key] ?? base }

  /// Takes in the next event of the log and answers the tail its key had before.
  package mutating func fold(_ key: RoutingKey, at position: GlobalPosition) -> GlobalPosition {
    let previous = positions.updateValue(position, forKey: key) ?? base
    head = max(head, position)
    return previous
  }

  /// Notes that nothing else is there up to `position`.
  package mutating func advance(to position: GlobalPosition) { head = max(head, position) }
}

/// An event with its category, as lanes get it from the log.
public struct KeyedEvent: Sendable {
  /// The category of its stream.
  public let category: Category
  /// The event.
  public let event: RecordedEvent

  /// Pairs them.
  public init(category: Category, event: RecordedEvent) {
    self.category = category
    self.event = event
  }
}

/// Part of the log as one lane sees it.
public struct FeedPage: Sendable {
  /// The events of the asked keys, in position order, removed ones among them.
  public let events: [KeyedEvent]
  /// Everything up to here was considered.
  public let scannedTo: GlobalPosition

  /// Makes a page.
  public init(events: [KeyedEvent], scannedTo: GlobalPosition) {
    self.events = events
    self.scannedTo = scannedTo
  }
}
