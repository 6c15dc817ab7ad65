public import EventLogCore

/// When and where an event of a stream happened: what a state may note beside the event itself.
public struct StreamMoment: Hashable, Sendable {
  /// When it happened: the recorded time, or the one an import gave.
  public let time: Timestamp
  /// The event's place in its stream.
  public let revision: StreamRevision

  /// Makes a moment.
  public init(time: Timestamp, revision: StreamRevision) {
    self.time = time
    self.revision = revision
  }

  /// The moment of a recorded event.
  public init(of event: RecordedEvent) {
    let metadata = event.metadata
    let given = metadata[Metadata.Keys.occurredAt].flatMap { Timestamp($0) }
    self.init(time: given ?? event.recordedAt, revision: event.revision ?? .first)
  }
}

/// A state that shows times and its own revision.
public protocol MomentTaking: Sendable {
  /// Notes the moment of the event that is taken in next.
  mutating func enter(_ moment: StreamMoment)
}
