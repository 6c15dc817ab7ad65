internal import Synchronization
internal import WeaveRuntime

extension AppendPipeline {
  /// Reads the cold facts of everything that waits, in one batch.
  func admit() {
    while true {
      let entries: [Entry]? = monitor.wait(for: Signal.admission) { state in
        guard state.arrived.isEmpty else {
          defer { state.arrived = [] }
          state.inHands += state.arrived.count
          return .some(state.arrived)
        }
        return state.hasAppenderEnded ? .some(nil) : nil
      }
      guard let entries else { return }
      let resolved = resolve(entries)
      monitor.withLock { state in
        state.inHands -= entries.count
        state.ready.append(contentsOf: resolved)
        let gone = entries.count - resolved.count
        if gone > 0 { Self.forget(gone, entries, kept: resolved, &state) }
      }
      monitor.signal(Signal.appender)
    }
  }

  private func resolve(_ entries: [Entry]) -> [Entry] {
    var entries = entries
    // The head is taken before anything is read: facts are true there or later.
    let head = published.value
    let questions = planner.withLock { planner in
      entries.map { planner.questions(for: $0.prepared) }
    }
    let cold = questions.indices.filter { !questions[$0].isEmpty }
    for index in entries.indices { entries[index].facts = ColdFacts(head: head.number) }
    guard !cold.isEmpty else { return entries }
    do throws(EventLogError) {
      let facts = try storage.resolve(cold.map { questions[$0] }, at: head)
      for (index, facts) in zip(cold, facts) { entries[index].facts = facts }
      return entries
    } catch {
      // Nothing was written; the callers learn what the store said.
      for index in cold { entries[index].ticket.answer(.failure(error)) }
      let failed = Set(cold)
      return entries.indices.filter { !failed.contains($0) }.map { entries[$0] }
    }
  }

  private static func forget(
    _ count: Int,
    _ entries: [Entry],
    kept: [Entry],
    _ state: inout State
  ) {
    state.waitingRequests -= count
    state.waitingBytes -= entries.reduce(0) { $0 + $1.cost } - kept.reduce(0) { $0 + $1.cost }
    state.waitingEvents -=
      entries.reduce(0) { $0 + $1.prepared.events.count }
      - kept.reduce(0) { $0 + $1.prepared.events.count }
  }

  /// Plans what is ready into the open batch, and hands it over whenever the committer is free.
  func plan() {
    var open = Job()
    while true {
      enum Step {
        case plan([Entry])
        case handOver
        case end
      }
      let isEmpty = open.answers.isEmpty
      let isFull = open.isFull
      let step: Step = monitor.wait(for: Signal.appender) { state in
        let isFree = state.job == nil && !state.isCommitting
        // A full batch waits in the slot, so that the next is planned meanwhile.
        if isFull { return state.job == nil ? .handOver : nil }
        if !state.ready.isEmpty {
          let entries = state.ready
          state.ready = []
          state.inHands += entries.count
          return .plan(entries)
        }
        if !isEmpty { return isFree ? .handOver : nil }
        let isDone = state.isClosing && state.arrived.isEmpty && state.inHands == 0
        return isDone ? .end : nil
      }
      switch step {
      case .plan(let entries): plan(entries, into: &open)
      case .handOver:
        prepare(&open)
        let job = open
        open = Job()
        monitor.withLock { $0.job = job }
        monitor.signal(Signal.committer)
      case .end:
        monitor.withLock { $0.hasAppenderEnded = true }
        monitor.signal(Signal.admission)
        monitor.signal(Signal.committer)
        return
      }
    }
  }

  private func plan(_ entries: [Entry], into open: inout Job) {
    var stale: [Entry] = []
    var planned = 0
    var bytes = 0
    var events = 0
    var rest = entries[...]
    let now = clock()
    planner.withLock { $0.trim(published: published.value.number) }
    while let entry = rest.first, !open.isFull {
      let count = entry.prepared.events.count
      if open.batch.eventCount > 0,
        open.batch.eventCount + count > EventLogLimits.requestEvents
          || open.batch.byteCount + entry.prepared.bytes.count > EventLogLimits.requestBytes
      {
        break
      }
      rest.removeFirst()
      if let facts = entry.facts, entry.ticket.drain() {
        // For one request at a time: admission asks the planner, too.
        let outcome = planner.withLock { planner in
          planner.plan(entry.prepared, facts: facts, at: now, into: &open.batch)
        }
        switch outcome {
        case .accepted(let receipt), .repeated(let receipt):
          open.answers.append((entry.ticket, .success(receipt)))
        case .refused(let error):
          open.answers.append((entry.ticket, .failure(error)))
        case .stale:
          stale.append(entry)
          continue
        }
      }
      planned += 1
      bytes += entry.cost
      events += count
    }
    stage(&open)
    let left = rest
    monitor.withLock { state in
      state.inHands -= entries.count
      state.waitingRequests -= planned
      state.waitingBytes -= bytes
      state.waitingEvents -= events
      if !left.isEmpty { state.ready.insert(contentsOf: left, at: 0) }
      state.arrived.append(contentsOf: stale)
    }
    // What does not fit ends the batch: it goes first into the next one.
    if !left.isEmpty { open.isClosed = true }
    if !stale.isEmpty { monitor.signal(Signal.admission) }
  }

  // What fails here, the write of this batch will meet as well and tell its callers.

  private func stage(_ open: inout Job) { try? storage.stage(&open.batch) }

  private func prepare(_ open: inout Job) {
    if !open.batch.isEmpty { try? storage.prepare(&open.batch) }
  }

  /// Writes what it is handed, publishes the head and answers.
  func commit() {
    while true {
      let job: Job? = monitor.wait(for: Signal.committer) { state in
        if let job = state.job {
          state.job = nil
          state.isCommitting = true
          return .some(job)
        }
        return state.hasAppenderEnded ? .some(nil) : nil
      }
      guard let job else { return finish() }
      perform(job)
      free()
    }
  }

  /// Lets the appender hand over the next batch.
  private func free() {
    let wasCommitting = monitor.withLock { state in
      defer { state.isCommitting = false }
      return state.isCommitting
    }
    if wasCommitting { monitor.signal(Signal.appender) }
  }

  private func perform(_ job: Job) {
    if let failure = monitor.withLock({ $0.failure }) {
      for (ticket, _) in job.answers { ticket.answer(.failure(Self.ended(by: failure))) }
      return
    }
    let began = ContinuousClock.now
    if !job.batch.isEmpty {
      do throws(EventLogError) {
        try storage.write(job.batch)
      } catch {
        return fail(job, error)
      }
      recent.keep(job.batch)
      published.publish(job.batch.lastPosition)
      // The next batch is handed over while the callers of this one are answered.
      free()
      let seconds = max((ContinuousClock.now - began).inSeconds, 0.000_01)
      monitor.withLock { state in
        state.rate = 0.8 * state.rate + 0.2 * Double(job.batch.eventCount) / seconds
      }
    }
    // Callers that share a thread are woken together.
    Gathering.run {
      for (ticket, answer) in job.answers { ticket.answer(answer) }
    }
  }

  /// Law L44: the outcome of this commit is not known, and nothing is written after it.
  private func fail(_ job: Job, _ error: EventLogError) {
    let cause = "\(error)"
    monitor.withLock { $0.failure = cause }
    // A deposed leader knows that nothing was written.
    let isKnown = if case .notLeader = error { true } else { false }
    for (ticket, answer) in job.answers {
      switch answer {
      case _ where isKnown: ticket.answer(.failure(error))
      case .success(let receipt) where !receipt.isRepeat:
        ticket.answer(.failure(.outcomeUnknown(cause)))
      // A repeat or refusal may rest on what this commit was to write.
      case .success, .failure: ticket.answer(.failure(Self.ended(by: cause)))
      }
    }
  }

  private func finish() {
    storage.close()
    published.close()
    let closers = monitor.withLock { state in
      state.hasEnded = true
      defer { state.closers = [] }
      return state.closers
    }
    for closer in closers { closer.resume() }
  }
}
