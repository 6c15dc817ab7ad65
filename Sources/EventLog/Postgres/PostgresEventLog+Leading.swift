public import EventLogCore
internal import Synchronization

// Who leads: what the keeper tells, and who is told of it.
extension PostgresEventLog {
  /// Whether this process appends.
  public var isLeading: Bool { role.withLock { $0.isLeading } }

  /// Who appends.
  public var leadership: Leadership { role.withLock { $0.leadership } }

  /// Who appends, and each change.
  public func leaderships() -> AsyncStream<Leadership> {
    AsyncStream(bufferingPolicy: .bufferingNewest(1)) { continuation in
      let id: UInt64? = role.withLock { role in
        guard !role.isClosing else { return nil }
        role.nextWatcher += 1
        role.watchers[role.nextWatcher] = continuation
        continuation.yield(role.leadership)
        return role.nextWatcher
      }
      guard let id else { return continuation.finish() }
      continuation.onTermination = { [weak self] _ in
        self?.role.withLock { _ = $0.watchers.removeValue(forKey: id) }
      }
    }
  }

  /// Says from now on where this process is reached, to those who append elsewhere.
  ///
  /// Before it is said, the others know of no address and wait.
  public func advertise(_ address: String) { keeper.advertise(address) }

  /// Whether `secret` is that of the present term, and this process leads it.
  public func admits(_ secret: String) -> Bool {
    let own = role.withLock { $0.isLeading ? $0.term?.writer.secret : nil }
    guard let own, !own.isEmpty, own.utf8.count == secret.utf8.count else { return false }
    // Compared to the end, so that the time does not tell where they differ.
    return zip(own.utf8, secret.utf8).reduce(0) { $0 | $1.0 ^ $1.1 } == 0
  }

  // MARK: what the keeper tells

  func judge(_ sight: LogSight) -> LogSight.Verdict { known.judge(sight) }

  func lead(_ pipeline: PipelinedEventLog, _ writer: CommitWriter) {
    role.withLock { role in
      role.term = (pipeline, writer)
      role.leader = nil
      role.trouble = nil
      role.tell()
    }
  }

  /// Answers whether the log is the one that this process has read.
  func follow(_ sight: LogSight) -> Bool {
    let isSame = note(sight)
    let head = sight.head
    role.withLock { role in
      let before = role.leadership
      role.term = nil
      role.trouble = nil
      role.leader =
        head.isVacant || head.address.isEmpty
        ? nil : LogLeader(address: head.address, secret: head.secret)
      if role.leadership != before { role.tell() }
    }
    return isSame
  }

  func suffer(_ trouble: String) { role.withLock { $0.trouble = trouble } }

  /// Takes in what the tables say of the log as a whole; false once it is not the one that this process
  /// has read.
  func note(_ sight: LogSight) -> Bool {
    let head = GlobalPosition(sight.head.head)
    // What it has read stays lost, also where the log grows beyond it again.
    guard known.take(sight) == .same, role.withLock({ $0.changedAt == nil }) else {
      lose(at: head)
      return false
    }
    // Behind the identity, so that nothing of an epoch is seen before it is known.
    reader.follow(to: head)
    return true
  }

  /// Refuses everything from now on, and tells who waits for the head: what was read is lost.
  private func lose(at head: GlobalPosition) {
    role.withLock { $0.changedAt = $0.changedAt ?? head }
    reader.endWaits(.logEpochChanged(head: head))
  }

  /// Takes in a head that was seen in an epoch; false where the log may not hold what it tells of.
  private func raise(to head: GlobalPosition, in epoch: UInt64) -> Bool {
    guard known.raise(to: head.number, in: epoch) else { return false }
    reader.follow(to: head)
    return true
  }

  /// Takes in the head of what was read.
  ///
  /// - Throws: where another epoch is known since the read began, which may not hold what was read.
  func see(_ head: GlobalPosition, in epoch: UInt64) throws(EventLogError) {
    guard raise(to: head, in: epoch) else {
      throw .unavailable("the log began an epoch meanwhile; read again")
    }
  }

  /// Publishes the highest head that reads were told of: events that a page shows as removed were so at
  /// its statement, and who reads on is to find what removed them.
  func publishSeen() { reader.follow(to: GlobalPosition(known.number)) }

  /// Looks at once for a head that the leader answered.
  ///
  /// It is not taken as it is: the leader may have begun an epoch that was not judged here yet.
  public func learn(of head: GlobalPosition) {
    if head.number > known.number { keeper.hurry() }
  }

  /// Takes in what a term that began in an epoch has made durable.
  func publish(_ position: UInt64, in epoch: UInt64) {
    guard raise(to: GlobalPosition(position), in: epoch) else {
      // On a server that the log has left: it is lost, and answered for here.
      lose(at: GlobalPosition(known.number))
      return keeper.hurry()
    }
    keeper.announce(position)
  }
}
