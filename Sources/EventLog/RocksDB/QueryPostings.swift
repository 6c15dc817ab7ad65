internal import EventLogCore

/// The positions of events that may match a query, merged over its alternatives.
///
/// Serves queries whose every alternative names a tag or a type: one with tags leaps between their
/// lists, one of types alone merges theirs. A position is a candidate: the event's bytes decide.
final class QueryPostings {
  enum Step {
    case candidate(UInt64)
    /// Enough was looked at for one page; everything up to here was considered.
    case paused(UInt64)
    case end
  }

  /// Lists of tags and types walked at once, since each pins files.
  ///
  /// A query of more is answered by a scan; one whose tags have room and whose types have not, by
  /// the tags.
  static let listBound = 256

  /// Shorter ranges, for each list, are walked.
  ///
  /// To make an iterator and to seek with it costs as much as a scan over about so many events, and
  /// who follows the log by types asks for a few of them again and again.
  static let placesPerList: UInt64 = 32

  /// What moving a list costs, in events that are looked at: both find a place in a family.
  private static let moveCost = 2

  private let storage: RocksDBStorage
  private let isForward: Bool
  private var items: [ItemPostings] = []
  private var lists: Int
  /// The candidate that was given last: the alternatives go on from it when the next is asked for,
  /// since a page that is full by then needs no other.
  private var given: UInt64?

  /// Nil if the query is better answered by walking the events.
  init?(
    _ reading: AllReading,
    _ bounds: PageBounds,
    in storage: RocksDBStorage
  ) throws(EventLogError) {
    self.storage = storage
    isForward = reading.direction == .forward
    let query = reading.query
    lists = query.items.reduce(0) { $0 + ($1.tags.isEmpty ? $1.types.count : $1.tags.count) }
    let places = max(bounds.first, bounds.last) - min(bounds.first, bounds.last)
    guard !query.matchesEverything, lists <= Self.listBound,
      places >= UInt64(lists) * Self.placesPerList
    else { return nil }
    let share = EventLogLimits.pageCandidates / query.items.count
    for item in query.items {
      let postings = try ItemPostings(
        item,
        bounds,
        share: share,
        in: storage,
        isForward: isForward
      )
      items.append(postings)
    }
  }

  /// The next position in the read's direction.
  func next() throws(EventLogError) -> Step {
    if let given { try skip(to: isForward ? given + 1 : given - 1) }
    var nearest: (place: UInt64, isCandidate: Bool)?
    for item in items {
      switch item.state {
      case .end: continue
      case .at(let place): consider(place, true, &nearest)
      case .paused(let place): consider(place, false, &nearest)
      }
    }
    guard let nearest else { return .end }
    guard nearest.isCandidate else {
      return .paused(isForward ? nearest.place - 1 : nearest.place + 1)
    }
    given = nearest.place
    return .candidate(nearest.place)
  }

  /// Leaves out what lies before `place`: it was considered.
  func skip(to place: UInt64) throws(EventLogError) {
    given = nil
    for item in items { try item.skip(to: place) }
  }

  /// Asks the types of alternatives that have tags as well, if that finds events sooner.
  ///
  /// An event that a tag names tells its type for the price of one look. Lists of types save such
  /// looks, but each leap may move all of them: they are worth it only where few candidates match.
  /// Answers whether they are asked from now on, and were not before.
  func narrow(matches: Int, of candidates: Int) throws(EventLogError) -> Bool {
    let more = items.reduce(0) { $0 + $1.unasked.count }
    guard more > 0, lists + more <= Self.listBound,
      matches * (1 + more * Self.moveCost) < candidates
    else { return false }
    for item in items { try item.narrow(in: storage) }
    lists += more
    return true
  }

  private func consider(
    _ place: UInt64,
    _ isCandidate: Bool,
    _ nearest: inout (place: UInt64, isCandidate: Bool)?
  ) {
    guard let known = nearest else {
      nearest = (place, isCandidate)
      return
    }
    if known.place == place {
      // Paused at the same place: it has not been looked at there, so the page ends before.
      nearest = (place, known.isCandidate && isCandidate)
    } else if isForward ? place < known.place : place > known.place {
      nearest = (place, isCandidate)
    }
  }
}
