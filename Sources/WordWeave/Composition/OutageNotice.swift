internal import Logging
internal import RedisDriver
internal import Synchronization

/// One line when Redis goes away and one when it is there, however often it is tried meanwhile.
final class OutageNotice: Sendable {
  // Nil before the first try has ended.
  private let wasThere = Mutex<Bool?>(nil)
  private let logger: Logger
  private let place: String

  init(logger: Logger, place: String) {
    self.logger = logger
    self.place = place
  }

  func take(_ change: RedisClient.Change) {
    switch change {
    case .connected:
      guard isNews(true) else { return }
      logger.info("Redis is there; snapshots are shared", metadata: ["redis": "\(place)"])
    case .failed(let error):
      guard isNews(false) else { return }
      logger.warning(
        "Redis is away; nothing is shared until it is back",
        metadata: ["redis": "\(place)", "error": "\(error)"]
      )
    }
  }

  private func isNews(_ isThere: Bool) -> Bool {
    wasThere.withLock { wasThere in
      defer { wasThere = isThere }
      return wasThere != isThere
    }
  }
}
