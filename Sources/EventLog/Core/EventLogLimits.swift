/// What the log accepts at most; each is tested at the limit and one past it (law L40).
///
/// Texts count UTF-8 bytes.
public enum EventLogLimits {
  /// Bytes of one event's data: large payloads belong into a blob store, with their address here.
  public static let dataBytes = 1 << 20
  /// Entries of one event's metadata.
  public static let metadataEntries = 64
  /// Bytes of a metadata key; its length is stored in one byte.
  public static let metadataKeyBytes = 255
  /// Bytes of all keys and values of one event's metadata.
  public static let metadataBytes = 128 << 10
  /// Bytes of all events of one request: bounds what one commit can hold.
  public static let requestBytes = 16 << 20
  /// Events of one request, and of one commit.
  public static let requestEvents = 16_384
  /// Streams of one request.
  public static let requestParts = 256
  /// Alternatives of a query.
  public static let queryItems = 4096
  /// Types of one alternative.
  public static let queryTypes = 64
  /// Tags of one alternative.
  public static let queryTags = 64
  /// Bytes of a type, tag, stream name or tracking source; the length is stored in one byte.
  public static let nameBytes = 255
  /// Tags of one event; the count is stored in one byte.
  public static let tags = 255
  /// Bytes of a content type (RFC 6838, 4.2: 127 characters).
  public static let contentTypeBytes = 127
  /// Events of one page.
  public static let pageEvents = 4096
  /// Bytes of one page; a page holds one event all the same.
  public static let pageBytes = 4 << 20
  /// Events one filtered page looks at, so that a rare filter never blocks a reader for long (L29);
  /// what a query of many alternatives takes beyond a look counts as events, too.
  public static let pageCandidates = 65_536
  /// Requests that wait for the appender; one more is answered `overloaded`.
  public static let queuedRequests = 4096
  /// Bytes that wait for the appender; more are answered `overloaded`.
  public static let queuedBytes = 64 << 20
}
