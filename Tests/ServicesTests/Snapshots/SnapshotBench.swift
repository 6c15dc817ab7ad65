import EventLogCore
import EventLogRedis
import Foundation
import RedisDriver
import ServiceKit
import Testing
import UsersService

/// How long a process without memory loads a stream of 10,000 events; runs only when asked for, and
/// asserts nothing.
@Suite struct SnapshotBench {
  private static let isAsked =
    ProcessInfo.processInfo.environment["WORDWEAVE_BENCH"] != nil && TestRedis.url != nil

  @Test(.enabled(if: isAsked)) func loadsOfALongStream() async throws {
    let states = SharedStates()
    try await states.write(10_000)
    try await TestRedis.withClient { client in
      try await saving(over: RedisSnapshots(client, secret: SharedStates.secret)) { queue in
        _ = try await states.handler(queue).load(states.stream)
        let key = try states.key
        try await eventually("the state is shared") {
          await queue.store.snapshot(for: key) != nil
        }
        for (name, queue) in [("the log alone", nil), ("a snapshot", queue)] {
          var times: [Duration] = []
          for _ in 0..<50 {
            let handler = try states.handler(queue)
            times.append(
              try await ContinuousClock().measure { _ = try await handler.load(states.stream) }
            )
          }
          times.sort()
          print("10,000 events by \(name): median \(times[25]), slowest \(times[49])")
        }
      }
    }
  }
}
