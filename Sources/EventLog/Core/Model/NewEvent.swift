/// An event as a caller hands it in.
public struct NewEvent: Hashable, Sendable {
  /// The caller's id; nil lets the log choose one and gives up the recognition of repeats.
  public var id: EventID?
  /// What happened.
  public var type: EventType
  /// The version of the type's schema, from 1.
  public var schemaVersion: UInt32
  /// The media type of `data`.
  public var contentType: String
  /// The payload, which the log never looks into.
  public var data: [UInt8]
  /// What conditions and queries find the event by.
  public var tags: [Tag]
  /// Correlation, causation, actor and the like.
  public var metadata: Metadata

  /// The media type of protobuf payloads.
  public static let protobuf = "application/protobuf"

  /// Makes an event.
  public init(
    id: EventID? = nil,
    type: EventType,
    schemaVersion: UInt32 = 1,
    contentType: String = NewEvent.protobuf,
    data: [UInt8] = [],
    tags: [Tag] = [],
    metadata: Metadata = Metadata()
  ) {
    self.id = id
    self.type = type
    self.schemaVersion = schemaVersion
    self.contentType = contentType
    self.data = data
    self.tags = tags
    self.metadata = metadata
  }
}
