internal import EventLogCore

/// What a process is to a log in Postgres, and what it knows of the others.
struct LogRole: Sendable {
  typealias Term = (log: PipelinedEventLog, writer: CommitWriter)

  var term: Term?
  /// Who leads, as far as is known.
  var leader: LogLeader?
  /// Why this process cannot look after the lease at the moment; nil while it can.
  var trouble: String?
  var isClosing = false
  /// The head of a log that is not the one that was opened any more.
  var changedAt: GlobalPosition?
  var watchers: [UInt64: AsyncStream<Leadership>.Continuation] = [:]
  var nextWatcher: UInt64 = 0

  /// Whether this process appends.
  var isLeading: Bool { term.map { !$0.writer.isOver } ?? false }

  var leadership: Leadership {
    if isLeading { return .leads }
    return leader.map { .follows($0) } ?? .vacant
  }

  /// What an append is told that this process cannot take.
  var refusal: EventLogError {
    if let leader { return .notLeader(address: leader.address) }
    // Nobody leads, and this is why.
    if let trouble { return .unavailable("nobody can lead the log: \(trouble)") }
    return .notLeader(address: nil)
  }

  /// Tells those who watch what is so now.
  func tell() {
    for watcher in watchers.values { watcher.yield(leadership) }
  }
}
