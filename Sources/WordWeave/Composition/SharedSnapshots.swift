internal import Crypto
internal import EventLogRedis
internal import Foundation
internal import Logging
internal import Metrics
internal import RedisDriver
internal import ServiceKit

/// Snapshots that this process shares with others through Redis.
///
/// Whether it is there or not, the process is ready, and answers the same.
struct SharedSnapshots: Sendable {
  /// Characters of a secret: as many as an operator token has at least.
  static let secretBytes = 32

  let queue: SnapshotQueue
  private let client: RedisClient
  private let logger: Logger

  init(_ settings: RedisSettings, secret: String, logger: Logger) {
    client = RedisClient(settings)
    self.logger = logger
    let counters = Dictionary(
      uniqueKeysWithValues: RedisSnapshots.Outcome.allCases.map { outcome in
        (
          outcome,
          Counter(label: "wordweave_snapshots_total", dimensions: [("outcome", outcome.rawValue)])
        )
      }
    )
    queue = SnapshotQueue(
      RedisSnapshots(client, secret: Self.key(secret)) { counters[$0]?.increment() }
    )
  }

  /// Keeps the connection and saves what is queued, until the task is cancelled.
  func run() async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await queue.run() }
      group.addTask { await connect() }
    }
  }

  private func connect() async {
    let notice = OutageNotice(logger: logger, place: client.settings.place)
    await client.run { notice.take($0) }
  }

  /// The key that seals snapshots, which does not tell the secret it follows from.
  private static func key(_ secret: String) -> [UInt8] {
    Array(SHA256.hash(data: Data(("wordweave snapshots " + secret).utf8)))
  }
}
