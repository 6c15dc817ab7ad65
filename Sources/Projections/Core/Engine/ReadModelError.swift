public import EventLogCore
public import MessagingCore

/// Why a read-model store did not do what it was asked.
public enum ReadModelError: Error, Hashable, Sendable {
  /// The store was closed.
  case closed
  /// The store failed while reading, writing or opening: an outage, nothing was written.
  case unavailable(String)
  /// Another process has the store open.
  case locked(String)
  /// Stored bytes cannot be read as what their key says.
  case damaged(String)
  /// The store was written by a build that is newer than this one.
  case foreignFormat(String)
  /// A newer claim owns the lane; nothing was written (M9).
  case fenced(LaneID)
  /// The projection is declared in a way that can never work.
  case misdeclared(String)
  /// The store's checkpoints belong to another log.
  case otherLog(stored: EventID, given: EventID)
}

extension ReadModelError: CustomStringConvertible {
  /// What was attempted, on what, and what was found.
  public var description: String {
    switch self {
    case .closed: "the read-model store is closed"
    case .unavailable(let what): "the read-model store failed: \(what)"
    case .locked(let what): "the read-model store is in use by another process: \(what)"
    case .damaged(let what): "the read-model store is damaged: \(what)"
    case .foreignFormat(let what): "the read-model store has another format: \(what)"
    case .fenced(let lane): "lane \(lane) was claimed by another owner"
    case .misdeclared(let what): what
    case .otherLog(let stored, let given):
      "the read model was filled from log \(stored), not from \(given)"
    }
  }
}
