import EventLogCore
import EventLogRocksDB
import MessagingCore
import MessagingInProcess
import ProjectionsCore
import ProjectionsRocksDB

/// From an append to the read model that shows it.
enum LatencyFigure: Figure {
  static let name = "latency"
  static let sentence = """
    From the call of an append until a read with its position as floor is answered by the
    projection, over the in-process feed, beside the time of the append itself (its commit).
    """

  private struct Times: Sendable {
    var commit: [Double] = []
    var applied: [Double] = []
  }

  private struct Lanes: LaneRunner {
    let host: HandlerHost
    func run<H: Handler>(_ handler: H, applied: AppliedPosition) async throws {
      let runner = HandlerRunner(handler, at: host) { lane, position in
        applied.advance(lane: lane, to: position)
      }
      await runner.run()
      try Task.checkCancellation()
    }
  }

  static func run(_ settings: Settings) async throws -> Table {
    var table = Table(
      "writers",
      "pairs",
      "commit p50 ms",
      "commit p99",
      "applied p50 ms",
      "applied p99",
      "p99 ÷ commit p50",
      "p99 ÷ commit p99"
    )
    for writers in [1, 16] {
      let times = try await Scratch.with(settings) { scratch in
        try await measure(settings, scratch, writers: writers)
      }
      let (commit, applied) = (Percentiles(times.commit), Percentiles(times.applied))
      table.add(
        "\(writers)",
        "\(times.commit.count)",
        Text.milliseconds(commit.median),
        Text.milliseconds(commit.value(at: 99)),
        Text.milliseconds(applied.median),
        Text.milliseconds(applied.value(at: 99)),
        Text.ratio(applied.value(at: 99) / commit.median),
        Text.ratio(applied.value(at: 99) / commit.value(at: 99))
      )
    }
    return table
  }

  private static func measure(
    _ settings: Settings,
    _ scratch: Scratch,
    writers: Int
  ) async throws -> Times {
    let log = try RocksDBEventLog.open(path: scratch.folder("log"))
    let store = try ReadModelStore(RocksDBReadModelEngine(path: scratch.folder("models")))
    let runtime = ProjectionRuntime(store: store, log: log)
    let reader = try runtime.open(PostsProjection())
    let host = HandlerHost(log: log, feed: InProcessFeed())
    let lanes = Lanes(host: host)
    let times = try await withThrowingTaskGroup(of: Times?.self) { group in
      group.addTask {
        await host.run()
        return nil
      }
      group.addTask {
        try? await runtime.run(lanes: lanes)
        return nil
      }
      // One pair before the clock counts, so that lanes are attached.
      _ = try await pairs(log, reader, settings, seed: 500_000, for: .zero)
      let span = settings.duration * settings.rounds
      for writer in 0..<writers {
        group.addTask {
          try await pairs(log, reader, settings, seed: UInt64(writer + 1), for: span)
        }
      }
      var all = Times()
      var left = writers
      while left > 0, let times = try await group.next() {
        guard let times else { continue }
        all.commit += times.commit
        all.applied += times.applied
        left -= 1
      }
      group.cancelAll()
      return all
    }
    await store.close()
    await log.close()
    return times
  }

  /// Appends and waits until it is applied, again and again; at least once.
  private static func pairs(
    _ log: RocksDBEventLog,
    _ reader: some ProjectionReader,
    _ settings: Settings,
    seed: UInt64,
    for duration: Duration
  ) async throws -> Times {
    let clock = ContinuousClock()
    let end = clock.now + duration
    var specimen = Specimen(seed: seed, dataBytes: settings.dataBytes)
    var times = Times()
    repeat {
      let request = specimen.request(1)
      let sent = clock.now
      let receipt = try await log.append(request)
      let committed = clock.now
      try await reader.read(
        atLeast: receipt.lastPosition,
        stream: request.parts[0].stream,
        patience: .seconds(30)
      ) { _ in }
      times.commit.append((committed - sent).inMicroseconds)
      times.applied.append((clock.now - sent).inMicroseconds)
    } while clock.now < end
    return times
  }
}
