import EventLogCore
import EventLogRocksDB

/// A log with events in it, and the same bytes in a bare database beside it.
struct FilledLog: Sendable {
  let log: RocksDBEventLog
  let raw: RawRocksDB

  static func make(_ settings: Settings, in scratch: Scratch) async throws -> FilledLog {
    let log = try RocksDBEventLog.open(path: scratch.folder("log"))
    try await fill(log, events: settings.events, dataBytes: settings.dataBytes)
    let raw = try RawRocksDB(path: scratch.folder("raw"))
    var after: GlobalPosition? = nil
    while true {
      let page = try await log.readAll(after: after)
      try raw.write(page.events.map { ($0.position.number, $0.envelope) }, synced: false)
      after = page.scannedTo
      if page.isEnd { break }
    }
    try raw.flush()
    return FilledLog(log: log, raw: raw)
  }

  /// Appends in large requests: how the log came to be is not what is measured.
  static func fill(_ log: RocksDBEventLog, events: Int, dataBytes: Int) async throws {
    var specimen = Specimen(seed: 7, dataBytes: dataBytes, streams: max(events / 8, 1))
    var left = events
    while left > 0 {
      // Eight events a post, many posts a request.
      let posts = min(256, (left + 7) / 8)
      let parts = (0..<posts).flatMap { _ in specimen.request(8).parts }
      _ = try await log.append(AppendRequest(parts))
      left -= posts * 8
    }
  }

  func close() async {
    await log.close()
    raw.close()
  }
}
