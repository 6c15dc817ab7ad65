/// Every number of fillings, with its reason.
enum FillLimits {
  /// Events of one page, and so of one commit: the most one read of the log gives.
  static let pageEvents = 4096
  /// Workers of one filling: partitions are split between them; more than cores gain nothing.
  static let workers = 2
  /// Decoded documents that a worker keeps from page to page; beyond, it begins anew, so that
  /// memory stays bounded while a busy stream's document is read and decoded once.
  static let keptDocuments = 16_384
  /// Rows that are read at once when all of a generation is looked at.
  static let scanRows = 1024
  /// Differences that a report names; one proves the point, a few show the pattern.
  static let namedDifferences = 10
  /// Streams that a rehearsal names as failing; more would not be read.
  static let namedFailures = 100
}
