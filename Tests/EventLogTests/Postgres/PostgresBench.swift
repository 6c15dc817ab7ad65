import EventLogCore
import EventLogPostgres
import Foundation
import Testing

/// Appends per second over a real server; runs only when asked for, and asserts nothing.
@Suite struct PostgresBench {
  private static let isAsked =
    ProcessInfo.processInfo.environment["WORDWEAVE_BENCH"] != nil && Server.postgres.isAvailable

  @Test(.enabled(if: isAsked), arguments: [(1, 1), (64, 1), (64, 10), (16, 1000)])
  func appends(writers: Int, events: Int) async throws {
    try await PostgresTest.withSchema { test in
      let log = try await test.open()
      let end = ContinuousClock.now + .seconds(8)
      let began = ContinuousClock.now
      let requests = try await withThrowingTaskGroup(of: Int.self) { group in
        for writer in 0..<writers {
          group.addTask {
            var count = 0
            while ContinuousClock.now < end {
              let batch = (0..<events).map { number in
                NewEvent(
                  id: .make(),
                  type: "Measured",
                  data: [UInt8](repeating: 7, count: 128),
                  tags: [Tag("writer:\(writer)"), Tag("n:\(number % 10)")]
                )
              }
              _ = try await log.append(AppendRequest(to: StreamName("w\(writer)"), batch))
              count += 1
            }
            return count
          }
        }
        return try await group.reduce(0, +)
      }
      let seconds = (ContinuousClock.now - began) / .seconds(1)
      print(
        "Postgres \(writers) × \(events): \(Int(Double(requests * events) / seconds)) events/s,"
          + " \(Int(Double(requests) / seconds)) appends/s"
      )
      await log.close()
    }
  }
}
