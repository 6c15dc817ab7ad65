/// Bounds of exports and imports, each with its reason.
enum TransferLimits {
  /// Bytes that are read of a file at once.
  static let readBytes = 1 << 20
  /// Bytes of one line: an event of the largest size in base64, and once more as rendered JSON in
  /// which every character is escaped.
  static let lineBytes = 16 << 20
  /// Bytes of events that go into a log at once, so that a sync is paid for thousands of events.
  ///
  /// The last event may reach beyond it.
  static let batchBytes = 4 << 20
  /// Events that go into a log at once: what one request of the log holds.
  static let batchEvents = 16_384
}
