internal import EventLogCore

/// Gathers events until a message is full.
struct UmaDBBatch {
  /// Events of a message when the caller names no number.
  static let defaultSize = 1024
  /// Events of a message at most: a page of the log.
  static let largestSize = 4096
  /// Bytes of a message at most: clients take 4 MiB unless they are told otherwise.
  static let bytes = 3_670_016

  /// Events of a message.
  let size: Int
  /// The message so far.
  private(set) var message: [UInt8] = []
  private var count = 0
  private var last: GlobalPosition?
  /// Bytes of the message before: the next one is about as long.
  private var expected = 0

  /// What a message holds.
  struct Full {
    /// Encoded already.
    var message: [UInt8]
    /// The last event's position; nil without events.
    let last: GlobalPosition?
  }

  /// Makes an empty one; nil stands for the default size, and any other is brought into bounds.
  init(size: UInt32?) {
    self.size = size.map { min(max(Int($0), 1), Self.largestSize) } ?? Self.defaultSize
  }

  /// Adds an event; answers those before it that fill a message, if they do.
  mutating func add(_ event: RecordedEvent) -> Full? {
    let writer = UmaDBEventWriter(event)
    let isFull =
      count == size || count > 0 && message.count + writer.count > Self.bytes
    let full = isFull ? take() : nil
    // Not before there is one: who waits for events holds no room for them.
    if count == 0 { message.reserveCapacity(expected) }
    writer.write(into: &message)
    count += 1
    last = event.position
    return full
  }

  /// What was gathered and not yet answered.
  mutating func take() -> Full {
    let full = Full(message: message, last: last)
    message = []
    expected = full.message.count
    (count, last) = (0, nil)
    return full
  }
}
