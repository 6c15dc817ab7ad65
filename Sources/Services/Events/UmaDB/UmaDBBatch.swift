internal import Schemas

/// Gathers events until a message is full.
struct UmaDBBatch {
  /// Events of a message when the caller names no number.
  static let defaultSize = 1024
  /// Events of a message at most: a page of the log.
  static let largestSize = 4096
  /// Bytes of a message at most: clients take 4 MiB unless they are told otherwise.
  static let bytes = 3_670_016
  /// What a field with a length takes beside its content at most: number, and length up to 2^28.
  private static let fieldBytes = 6
  /// What a field with a 64-bit number takes at most.
  private static let numberBytes = 11

  /// Events of a message.
  let size: Int
  private var events: [Umadb_V1_SequencedEvent] = []
  private var count = 0

  /// Makes an empty one; nil stands for the default size, and any other is brought into bounds.
  init(size: UInt32?) {
    self.size = size.map { min(max(Int($0), 1), Self.largestSize) } ?? Self.defaultSize
  }

  /// Adds an event; answers those before it that fill a message, if they do.
  mutating func add(_ event: Umadb_V1_SequencedEvent) -> [Umadb_V1_SequencedEvent]? {
    let bytes = Self.bytes(of: event)
    let isFull = events.count == size || !events.isEmpty && count + bytes > Self.bytes
    let full = isFull ? take() : nil
    events.append(event)
    count += bytes
    return full
  }

  /// What was gathered and not yet answered.
  mutating func take() -> [Umadb_V1_SequencedEvent] {
    defer { (events, count) = ([], 0) }
    return events
  }

  /// How many bytes an event takes in a message, counted a little high.
  static func bytes(of sequenced: Umadb_V1_SequencedEvent) -> Int {
    func field(_ content: Int) -> Int { fieldBytes + content }
    let event = sequenced.event
    var count = field(event.eventType.utf8.count) + field(event.data.count)
    count += field(event.uuid.utf8.count)
    for tag in event.tags { count += field(tag.utf8.count) }
    for entry in event.metadata {
      count += field(field(entry.key.utf8.count) + field(entry.value.utf8.count))
    }
    if sequenced.hasTrackingInfo {
      count += field(field(sequenced.trackingInfo.source.utf8.count) + numberBytes)
    }
    return field(numberBytes + field(count))
  }
}
