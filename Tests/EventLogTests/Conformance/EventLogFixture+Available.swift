internal import EventLogConformance
internal import EventLogInMemory
internal import EventLogRocksDB

extension EventLogFixture {
  /// The engines that the laws run against; a new engine is a line here.
  static let available = [
    EventLogFixture("InMemory", isPersistent: false) { _, clock in
      InMemoryEventLog(clock: clock)
    },
    EventLogFixture("RocksDB", isPersistent: true) { path, clock in
      try RocksDBEventLog.open(path: path, clock: clock)
    },
  ]
}
