internal import EventLogCore
internal import PostgresDriver

/// Translates what the server or its driver refuses.
func storing<R>(_ body: () throws(PostgresError) -> R) throws(EventLogError) -> R {
  do throws(PostgresError) {
    return try body()
  } catch {
    throw EventLogError(error)
  }
}

extension EventLogError {
  /// The constraints that only a damaged log, or a writer beside the log, can violate.
  private static let ownConstraints: Set<String> = [
    "event_position", "event_stream_revision", "event_id", "event_tag_position",
  ]

  init(_ error: PostgresError) {
    switch error.sqlState {
    case "23505" where error.constraint.map(Self.ownConstraints.contains) ?? false:
      // The appender knew better than to write this: something else wrote beside it.
      self = .corrupt("\(error), constraint \(error.constraint ?? "")", at: nil)
    // Data corrupted, index corrupted.
    case "XX001", "XX002": self = .corrupt(error.description, at: nil)
    case "57014" where error.code == .refused: self = .unavailable(error.description)
    default: self = error.code == .closed ? .closed : .unavailable(error.description)
    }
  }
}

extension PostgresRows {
  /// A column that the log's statements never leave null.
  func number(_ row: Int, _ column: Int) throws(PostgresError) -> UInt64 {
    guard let number = integer(row, column) else {
      throw PostgresError(
        .unexpected,
        attempt: "read column \(column)",
        found: "there is no number"
      )
    }
    return UInt64(bitPattern: number)
  }
}

extension Int64 {
  /// A position or revision as it is bound; beyond 2^63−1 there is none.
  init(bound number: UInt64) { self = Int64(clamping: number) }
}
