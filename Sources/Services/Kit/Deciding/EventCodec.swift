public import EventLogCore

/// How the events of a decider are written and read.
public protocol EventCodec: Sendable {
  /// What the decider knows.
  associatedtype Event: Sendable
  /// The stored form of an event.
  static func encode(
    _ event: Event
  ) throws -> (type: EventType, schemaVersion: UInt32, data: [UInt8], tags: [Tag])
  /// The event of a stored form; nil for a type that the decider does not know.
  static func decode(_ event: RecordedEvent) throws -> Event?
}
