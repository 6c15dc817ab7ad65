/// Every number of fillings, with its reason.
enum FillLimits {
  /// Events of one page: the most one read of the log gives.
  static let pageEvents = 4096
  /// Events of a worker's commit: what is written once for many changes of one document saves
  /// most of a rebuild's time, and what a killed process repeats stays under a second.
  static let commitEvents = 32_768
  /// Bytes of events of a worker's commit, which bound what waits in memory.
  static let commitBytes = 8 << 20
  /// Workers of one filling: partitions are split between them; more than cores gain nothing.
  static let workers = 2
  /// Decoded documents that a worker keeps over commits; beyond, it begins anew, so that memory
  /// stays bounded while a busy stream's document is read and decoded once.
  static let keptDocuments = 16_384
  /// Bytes of events since a worker began anew: about what its decoded documents can have grown to.
  static let keptBytes = 24 << 20
  /// Rows that are read at once when all of a generation is looked at.
  static let scanRows = 1024
  /// Differences that a report names; one proves the point, a few show the pattern.
  static let namedDifferences = 10
  /// Bytes of rows that a rehearsal holds in the memory of the process that serves everybody else;
  /// several run at once.
  static let rehearsedBytes = 256 << 20
  /// Streams that a rehearsal names as failing; more would not be read.
  static let namedFailures = 100
}
