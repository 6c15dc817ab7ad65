import EventLogCore
import EventLogRocksDB
import FoundationEssentials
import Glibc
import Synchronization
import WeaveRuntime

/// Appends, by writers and events per append.
enum AppendFigure: Figure {
  static let name = "append"
  static let sentence = """
    Durable appends in events per second, beside synced write batches of the same bytes through
    RocksDB's C API by as many threads: one row an event with as many bytes as the log writes for it
    in all its rows, and once more with the bytes of the stored event alone (`events only`). Writers
    send their next append when the last is answered.
    """

  static func run(_ settings: Settings) async throws -> Table {
    var table = Table(
      "writers",
      "events",
      "ours/s",
      "raw/s",
      "ratio",
      "events only/s",
      "ratio",
      "span ours",
      "p50 ms",
      "p99 ms",
      "raw p50",
      "raw p99"
    )
    for writers in [1, 16, 64] {
      for batch in [1, 10, 1000] {
        guard settings.cells.isEmpty || settings.cells.contains("\(writers)x\(batch)") else {
          continue
        }
        let (ours, raw, bare) = try await Scratch.with(settings) { scratch in
          try await cell(settings, scratch, writers: writers, batch: batch)
        }
        table.add(
          "\(writers)",
          "\(batch)",
          Text.rate(ours.rate),
          Text.rate(raw.rate),
          Text.ratio(ours.rate / raw.rate),
          Text.rate(bare.rate),
          Text.ratio(ours.rate / bare.rate),
          Text.span(ours.span),
          Text.milliseconds(ours.latencies.value(at: 50)),
          Text.milliseconds(ours.latencies.value(at: 99)),
          Text.milliseconds(raw.latencies.value(at: 50)),
          Text.milliseconds(raw.latencies.value(at: 99))
        )
      }
    }
    return table
  }

  private static func cell(
    _ settings: Settings,
    _ scratch: Scratch,
    writers: Int,
    batch: Int
  ) async throws -> (Outcome, Outcome, Outcome) {
    let log = try RocksDBEventLog.open(path: scratch.folder("log"))
    let raw = try RawRocksDB(path: scratch.folder("raw"))
    let pool = BlockingPool(name: "raw-writer", threads: writers)
    defer { pool.shutdown() }
    let stored = try await storedBytes(log, settings)
    let written = try await writtenBytes(scratch, settings, writers: writers, batch: batch)
    let keys = Keys()
    func yardstick(_ bytes: Int) async throws -> Sample {
      try await Self.yardstick(
        raw,
        pool,
        settings,
        keys: keys,
        bytes: bytes,
        writers: writers,
        batch: batch
      )
    }
    var sides: [[Sample]] = [[], [], []]
    for round in 0..<settings.rounds {
      sides[0].append(
        try await ours(log, settings, round: round, writers: writers, batch: batch)
      )
      sides[1].append(try await yardstick(written - Self.rowBytes))
      sides[2].append(try await yardstick(stored))
    }
    await log.close()
    raw.close()
    return (Outcome(samples: sides[0]), Outcome(samples: sides[1]), Outcome(samples: sides[2]))
  }

  /// What a row of the yardstick takes in a write batch beside its value: tag, key, two lengths.
  private static let rowBytes = 12

  /// How many bytes the log stores for one event.
  private static func storedBytes(_ log: RocksDBEventLog, _ settings: Settings) async throws -> Int
  {
    var specimen = Specimen(seed: 999, dataBytes: settings.dataBytes)
    _ = try await log.append(specimen.request(1))
    return try await log.readAll(after: nil).events.first?.envelope.count ?? 0
  }

  /// How many bytes the log writes for one event, in the events' own family and in all indexes: by
  /// how much the write-ahead files of a fresh log grow under such appends.
  private static func writtenBytes(
    _ scratch: Scratch,
    _ settings: Settings,
    writers: Int,
    batch: Int
  ) async throws -> Int {
    let log = try RocksDBEventLog.open(path: scratch.folder("weighed"))
    var requests: [AppendRequest] = []
    for writer in 0..<min(writers, max(1, 10_000 / batch)) {
      var specimen = Specimen(seed: UInt64(70_000 + writer), dataBytes: settings.dataBytes)
      requests.append(specimen.request(batch))
    }
    let before = try walBytes(scratch)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for request in requests { group.addTask { _ = try await log.append(request) } }
      try await group.waitForAll()
    }
    let grown = try walBytes(scratch) - before
    await log.close()
    try scratch.remove("weighed")
    return grown / (requests.count * batch)
  }

  private static func walBytes(_ scratch: Scratch) throws -> Int {
    let folder = scratch.folder("weighed/store")
    let files = FileManager.default
    return try files.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".log") }
      .reduce(0) { total, name in
        var status = stat()
        guard stat(folder + "/" + name, &status) == 0 else { return total }
        return total + Int(status.st_size)
      }
  }

  private static func ours(
    _ log: RocksDBEventLog,
    _ settings: Settings,
    round: Int,
    writers: Int,
    batch: Int
  ) async throws -> Sample {
    let clock = ContinuousClock()
    let began = clock.now
    let end = began + settings.duration
    let latencies = try await withThrowingTaskGroup(of: [Double].self) { group in
      for writer in 0..<writers {
        group.addTask {
          // Seeds never repeat, or a later round would repeat the ids of an earlier one.
          var specimen = Specimen(
            seed: UInt64(round * 1000 + writer + 1),
            dataBytes: settings.dataBytes
          )
          var latencies: [Double] = []
          while clock.now < end {
            let request = specimen.request(batch)
            let sent = clock.now
            _ = try await log.append(request)
            latencies.append((clock.now - sent).inMicroseconds)
          }
          return latencies
        }
      }
      return try await group.reduce(into: []) { $0 += $1 }
    }
    return Sample(
      amount: latencies.count * batch,
      elapsed: clock.now - began,
      latencies: latencies
    )
  }

  private static func yardstick(
    _ raw: RawRocksDB,
    _ pool: BlockingPool,
    _ settings: Settings,
    keys: Keys,
    bytes: Int,
    writers: Int,
    batch: Int
  ) async throws -> Sample {
    let clock = ContinuousClock()
    let began = clock.now
    let end = began + settings.duration
    let latencies = try await withThrowingTaskGroup(of: [Double].self) { group in
      for writer in 0..<writers {
        group.addTask {
          try await pool.run {
            var random = Weyl(UInt64(writer + 1))
            // Text of the same kind, so that compaction has the same work.
            var specimen = Specimen(seed: random.next(), dataBytes: bytes)
            var latencies: [Double] = []
            while clock.now < end {
              let rows = (0..<batch).map { _ in (keys.next(), specimen.event().data) }
              let sent = clock.now
              try raw.write(rows, synced: true)
              latencies.append((clock.now - sent).inMicroseconds)
            }
            return latencies
          }
        }
      }
      return try await group.reduce(into: []) { $0 += $1 }
    }
    return Sample(
      amount: latencies.count * batch,
      elapsed: clock.now - began,
      latencies: latencies
    )
  }

  private final class Keys: Sendable {
    private let last = Atomic<UInt64>(0)
    func next() -> UInt64 { last.wrappingAdd(1, ordering: .relaxed).newValue }
  }
}
