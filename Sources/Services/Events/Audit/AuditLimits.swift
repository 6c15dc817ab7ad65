internal import EventLogCore

/// Every number of the audit, with its reason.
enum AuditLimits {
  /// Events of a page, when nobody says and at most.
  static let page = 100
  static let pageMaximum = 1000
  /// Types, and tags, of one question: what one alternative of the log's queries takes.
  static let names = 64
  /// Bytes of a text that is asked for: what a name or the value of a call's metadata may have.
  static let textBytes = 512
  /// What a page may cost, in candidates that are looked at: a few pages of the log.
  ///
  /// Whoever asks for what is rare goes on with the page's token.
  static let pageCost = 16_384
  /// Bytes of events that cost as much to read as one candidate: a page of the log, divided.
  static let bytesPerEvent = EventLogLimits.pageBytes / EventLogLimits.pageEvents
  /// Candidates of the first look of each source; each further look doubles it, so that the source
  /// that ends first is found soon and walked in long pages.
  static let firstLook = 128
  /// Candidates of the longest look: a page of the log.
  static let longestLook = 4096
  /// Places of lists that cost as much to look at as one event.
  static let placesPerEvent = 16
  /// Rows of an index that are read at once: few after a leap, more while none is left out.
  static let firstRows = 16
  static let mostRows = 512
  /// Rows of indexes that one look walks over at most: about 20 ms.
  static let lookRows = 16_384
  /// How long a question waits for the index to reach the head.
  static let patience = Duration.seconds(2)
  /// Events of a causation tree: more than a person reads, less than fills a message.
  static let traceNodes = 1000
  /// Steps upward and downward; what is deeper is a loop of reactions.
  static let traceDepth = 256
  /// Events of a stream that are folded for one answer: a fraction of a second.
  static let foldEvents: UInt64 = 65_536
  /// Bytes of all fields of a state: twice as much, with its events, fits a message.
  static let stateBytes = 1_536 << 10
  /// Bytes of the values of a page of changes; a page holds one change all the same.
  static let changesBytes = 1 << 20
  /// Events that an export reads at once.
  static let exportPage = 1000
}
