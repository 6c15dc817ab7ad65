internal import WeaveRuntime

// A condition that begins before the tail is searched for in the store. An ordinary one takes a few
// steps, and admission takes them on the way. One over a tag that millions of events bear takes
// millions. Such searches go to threads of their own, which give each a turn of so many steps and let
// the next one have its turn: they keep nobody waiting but each other, and each other no longer than
// a turn. Whoever leaves, or a log that closes, ends a search at its next turn.
//
// Where the log grew beyond the tail while a search went on, what came is searched as well, before all
// others: behind them it would be overtaken again, and in the end nobody would be done.

extension AppendPipeline {
  /// Steps that admission takes for one condition: many times what an ordinary one needs.
  ///
  /// A step takes some microseconds, more where a disk is asked.
  static let stepsAtOnce = 256

  /// Conditions that admission searches for in one go: together they take no longer than a commit on
  /// a slow disk, and as many callers as benchmarks have share one look.
  static let conditionsAtOnce = 64

  /// Steps of a turn: some ten milliseconds, against which it counts little to begin anew.
  static let stepsOfTurn = 4096

  /// Threads that search: on a small machine they leave room for who appends and reads.
  static let searchThreads = 2

  /// Searches that wait for their turns; one more is answered `overloaded`.
  ///
  /// With so many a turn comes round within seconds. And they must not fill the queue, in which
  /// everybody waits.
  static let searchBound = 256

  func wakeSearches() { for _ in 0..<Self.searchThreads { monitor.signal(Signal.search) } }

  /// Takes the few steps that most conditions need; answers why the store failed.
  func searchAtOnce(_ entries: [Entry]) -> EventLogError? {
    // A large condition takes a step for each of its texts, at least.
    let searches = entries.compactMap(\.search).filter { !$0.isDone && !$0.condition.isLarge }
    guard !searches.isEmpty else { return nil }
    do throws(EventLogError) {
      try storage.search(searches, steps: Self.stepsAtOnce)
      return nil
    } catch {
      return error
    }
  }

  /// Gives searches their turns; one of several threads.
  func search() {
    while true {
      let taken: Entry? = monitor.wait(for: Signal.search) { state in
        guard state.searching.isEmpty else {
          state.inHands += 1
          return .some(state.searching.removeFirst())
        }
        return state.hasEndedPlanning ? .some(nil) : nil
      }
      guard let entry = taken else { return }
      let turn = turn(of: entry)
      let next = monitor.withLock { state in
        state.inHands -= 1
        switch turn {
        case .found(let entry): state.ready.append(entry)
        case .goesOn: state.search(entry)
        case .gone: state.leave(entry)
        }
        return state.isCommitting ? Signal.appender : Signal.committer
      }
      if case .goesOn = turn { continue }
      monitor.signal(next)
    }
  }

  private enum Turn {
    case found(Entry)
    case goesOn
    /// Its caller has an answer.
    case gone
  }

  private func turn(of entry: Entry) -> Turn {
    guard let search = entry.search, !entry.ticket.isGone else { return .gone }
    if let refusal = monitor.withLock({ $0.refusal }) {
      entry.ticket.answer(.failure(refusal))
      return .gone
    }
    do throws(EventLogError) {
      try storage.search([search], steps: Self.stepsOfTurn)
    } catch {
      entry.ticket.answer(.failure(error))
      return .gone
    }
    guard search.isDone else { return .goesOn }
    var entry = entry
    entry.facts?.take(search)
    return .found(entry)
  }
}

extension AppendPipeline.State {
  /// Has a search wait for its first turn of its own, if there is room; one that catches up has its
  /// place: all its work would be lost.
  mutating func takesSearch(_ entry: AppendPipeline.Entry) -> Bool {
    guard
      entry.search?.isCatchingUp == true || searching.count < AppendPipeline.searchBound
    else { return false }
    search(entry)
    return true
  }

  /// Has a search wait for its turn, which comes at once if it catches up.
  mutating func search(_ entry: AppendPipeline.Entry) {
    if entry.search?.isCatchingUp == true {
      searching.insert(entry, at: 0)
    } else {
      searching.append(entry)
    }
  }

  /// Takes what arrived: all requests without a condition, and as many with one as admission searches
  /// for in one go, so that nobody waits for many of them.
  mutating func takeArrived() -> [AppendPipeline.Entry] {
    guard arrived.count > AppendPipeline.conditionsAtOnce else {
      defer { arrived = [] }
      return arrived
    }
    var conditions = 0
    var taken: [AppendPipeline.Entry] = []
    var left: [AppendPipeline.Entry] = []
    for entry in arrived {
      if entry.prepared.condition != nil { conditions += 1 }
      if entry.prepared.condition == nil || conditions <= AppendPipeline.conditionsAtOnce {
        taken.append(entry)
      } else {
        left.append(entry)
      }
    }
    arrived = left
    return taken
  }
}

extension AppendPipeline.Entry {
  /// Has the store searched for its condition, although memory holds all that it is about.
  mutating func searchStore() {
    guard search == nil, let condition = prepared.condition else { return }
    // Empty so far: admission extends it to its head.
    search = ConditionSearch(condition, upTo: condition.after)
  }
}
