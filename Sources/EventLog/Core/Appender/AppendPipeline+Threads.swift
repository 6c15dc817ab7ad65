internal import Synchronization
internal import WeaveRuntime

extension AppendPipeline {
  /// Reads the cold facts of everything that waits, in one batch.
  func admit() {
    while true {
      let entries: [Entry]? = monitor.wait(for: Signal.admission) { state in
        guard state.arrived.isEmpty else {
          let taken = state.takeArrived()
          state.inHands += taken.count
          return .some(taken)
        }
        return state.hasEndedPlanning ? .some(nil) : nil
      }
      guard let entries else { return }
      pass(resolve(entries), of: entries.count)
    }
  }

  /// What admission made of entries.
  private struct Admitted {
    var ready: [Entry] = []
    /// Those whose conditions need turns of their own.
    var long: [Entry] = []
    /// Those that have their answer.
    var gone: [Entry] = []
  }

  private func resolve(_ asked: [Entry]) -> Admitted {
    var admitted = Admitted()
    var entries: [Entry] = []
    entries.reserveCapacity(asked.count)
    for entry in asked {
      // Whose caller has gone costs the store no look.
      if entry.ticket.isGone { admitted.gone.append(entry) } else { entries.append(entry) }
    }
    // The head is taken before anything is read: facts are true there or later.
    let head = published.value
    let questions = planner.withLock { planner in
      entries.map { planner.questions(for: $0.prepared) }
    }
    let cold = questions.indices.filter { questions[$0].needsLookUp }
    for index in entries.indices { entries[index].facts = ColdFacts(head: head.number) }
    var failed: Set<Int> = []
    let answers = look(up: cold.map { questions[$0] }, at: head)
    for (index, answer) in zip(cold, answers) {
      do throws(EventLogError) {
        entries[index].facts = try answer.get()
      } catch {
        // Nothing was written; the caller learns what the store said.
        entries[index].ticket.answer(.failure(error))
        failed.insert(index)
      }
    }
    for index in entries.indices {
      entries[index].facts?.recentIDs = questions[index].recentIDs
      if let search = entries[index].search {
        search.extend(to: head.number)
      } else if let condition = questions[index].condition {
        entries[index].search = ConditionSearch(condition, upTo: head.number)
      }
    }
    if !failed.isEmpty {
      admitted.gone += failed.map { entries[$0] }
      entries = entries.indices.filter { !failed.contains($0) }.map { entries[$0] }
    }
    sort(entries, into: &admitted)
    return admitted
  }

  /// Looks up what several requests ask, all at once; one by one where an event is damaged, which is
  /// the trouble of those alone that ask for it.
  private func look(
    up questions: [ColdQuestions],
    at head: GlobalPosition
  ) -> [Result<ColdFacts, EventLogError>] {
    guard !questions.isEmpty else { return [] }
    do throws(EventLogError) {
      return try storage.resolve(questions, at: head).map { .success($0) }
    } catch {
      guard error.isOfOneRequest, questions.count > 1 else {
        return questions.map { _ in .failure(error) }
      }
      return questions.flatMap { look(up: [$0], at: head) }
    }
  }

  /// Searches for what can be found at once, and tells apart what is ready by then.
  private func sort(_ entries: [Entry], into admitted: inout Admitted) {
    let failure = searchAtOnce(entries)
    for var entry in entries {
      guard let search = entry.search else {
        admitted.ready.append(entry)
        continue
      }
      if search.isDone {
        entry.facts?.take(search)
        admitted.ready.append(entry)
      } else if let failure, !failure.isOfOneRequest {
        entry.ticket.answer(.failure(failure))
        admitted.gone.append(entry)
      } else {
        admitted.long.append(entry)
      }
    }
  }

  /// Hands on what was admitted of `count` entries.
  ///
  /// A search that met a damaged event is among those that have turns of their own: whose it is shows
  /// there.
  private func pass(_ admitted: Admitted, of count: Int) {
    let (next, refused, delay) = monitor.withLock { state in
      state.inHands -= count
      state.ready.append(contentsOf: admitted.ready)
      for entry in admitted.gone { state.leave(entry) }
      let refused = admitted.long.filter { !state.takesSearch($0) }
      for entry in refused { state.leave(entry) }
      let next = state.isCommitting ? Signal.appender : Signal.committer
      return (next, refused, Self.retryAfter(state))
    }
    for entry in refused { entry.ticket.answer(.failure(.overloaded(retryAfter: delay))) }
    monitor.signal(next)
    if admitted.long.count > refused.count { wakeSearches() }
  }

  /// Plans what is ready into the open batch while a commit is under way.
  func planAhead() {
    while true {
      let taken: (open: Job, entries: [Entry])? = monitor.wait(for: Signal.appender) { state in
        if state.isCommitting, !state.ready.isEmpty, state.open?.isFull == false {
          return .some(state.takeOpen())
        }
        return state.hasEndedPlanning ? .some(nil) : nil
      }
      guard let (open, entries) = taken else { return }
      plan(entries, into: open)
      putBack(open)
    }
  }

  /// Lays the open batch where the next who plans finds it.
  private func putBack(_ open: Job) {
    let next: Int? = monitor.withLock { state in
      state.open = open
      state.openCallers = open.answers.count
      guard state.isCommitting else { return Signal.committer }
      if state.awaited != nil, state.hasGathered { return Signal.committer }
      return state.ready.isEmpty ? nil : Signal.appender
    }
    if let next { monitor.signal(next) }
  }

  private func plan(_ entries: [Entry], into open: Job) {
    var stale: [Entry] = []
    var planned = 0
    var bytes = 0
    var largeBytes = 0
    var events = 0
    var rest = entries[...]
    let now = clock()
    planner.withLock { $0.trim(published: published.value.number) }
    while var entry = rest.first, !open.isFull {
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
        case .stale, .tooLong:
          if case .tooLong = outcome { entry.searchStore() }
          if entry.ticket.giveBack() {
            stale.append(entry)
            continue
          }
        }
      }
      planned += 1
      bytes += entry.cost
      largeBytes += entry.largeCost
      events += count
    }
    stage(open)
    let left = rest
    monitor.withLock { state in
      state.inHands -= entries.count
      state.waitingRequests -= planned
      state.waitingBytes -= bytes
      state.waitingLargeBytes -= largeBytes
      state.waitingEvents -= events
      if !left.isEmpty { state.ready.insert(contentsOf: left, at: 0) }
      state.arrived.append(contentsOf: stale)
    }
    // What does not fit ends the batch: it goes first into the next one.
    if !left.isEmpty { open.isClosed = true }
    if !stale.isEmpty { monitor.signal(Signal.admission) }
  }

  // What fails here, the write of this batch will meet as well and tell its callers.

  private func stage(_ open: Job) { try? storage.stage(&open.batch) }

  private func prepare(_ open: Job) {
    if !open.batch.isEmpty { try? storage.prepare(&open.batch) }
  }

  /// Takes the open batch, plans what is left to be planned, writes it, publishes the head and
  /// answers.
  func commit() {
    var gathering = CallerGathering(slowCommit: storage.slowCommit)
    while true {
      let taken: (open: Job, entries: [Entry])? = monitor.wait(for: Signal.committer) { state in
        if let taken = state.takeOpen() {
          state.isCommitting = true
          return .some(taken)
        }
        guard state.isDone else { return nil }
        state.hasEndedPlanning = true
        return .some(nil)
      }
      guard let (job, entries) = taken else { break }
      if !entries.isEmpty { plan(entries, into: job) }
      putBack(Job())
      if !job.answers.isEmpty {
        prepare(job)
        perform(job, &gathering)
      }
      free()
    }
    monitor.signal(Signal.admission)
    monitor.signal(Signal.appender)
    wakeSearches()
    finish()
  }

  /// From now on who comes wakes the committer, which has ended its commit.
  private func free() { monitor.withLock { $0.isCommitting = false } }

  private func perform(_ job: Job, _ gathering: inout CallerGathering) {
    if let failure = monitor.withLock({ $0.failure }) {
      for (ticket, answer) in job.answers {
        // What a repeat repeats may be in the commit that failed.
        let isRepeat = (try? answer.get().isRepeat) ?? false
        ticket.answer(.failure(isRepeat ? .outcomeUnknown(failure) : Self.ended(by: failure)))
      }
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
      let time = ContinuousClock.now - began
      let count = job.answers.count
      let patience = gathering.patience(behind: time, answered: count)
      let before = monitor.withLock { state in
        let seconds = max(time.inSeconds, 0.000_01)
        state.rate = 0.8 * state.rate + 0.2 * Double(job.batch.eventCount) / seconds
        if patience != nil { state.awaited = state.waitingCallers + count }
        // Who is answered and comes again need wake nobody: the next look is the committer's own.
        state.isCommitting = patience != nil
        return state.waitingCallers
      }
      answer(job)
      if let patience { gathering.ended(came: gather(patience) - before, of: count) }
      return
    }
    answer(job)
  }

  private func answer(_ job: Job) {
    // Callers that share a thread are woken together.
    Gathering.run {
      for (ticket, answer) in job.answers { ticket.answer(answer) }
    }
  }

  /// Waits for callers to come again, and answers how many wait then.
  private func gather(_ patience: Duration) -> Int {
    _ = monitor.wait(for: Signal.committer, atMost: patience) { state in
      state.hasGathered ? true : nil
    }
    return monitor.withLock { state in
      state.awaited = nil
      return state.waitingCallers
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
      // A repeat, too: what it repeats may be in this commit.
      case .success: ticket.answer(.failure(.outcomeUnknown(cause)))
      // A refusal may rest on what this commit was to write.
      case .failure: ticket.answer(.failure(Self.ended(by: cause)))
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

extension EventLogError {
  /// Whether it is of what one request looks at, and the store goes on working for others.
  fileprivate var isOfOneRequest: Bool { if case .corrupt = self { true } else { false } }
}
