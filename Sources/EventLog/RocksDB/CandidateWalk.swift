internal import EventLogCore

/// The places that a filtered read looks at: those that lists name, and where these name nearly
/// every place, all of them.
///
/// How frequent a type or a tag is, is not known beforehand and differs along the log. So the walk
/// looks back after each window of candidates. Where few of them matched, lists that may tell more
/// are asked as well. Where they lay close together, a stretch follows in which every place is
/// looked at: a step of a list then costs as much as an event between two candidates, and more
/// where each commit has a row of its own in the index. Stretches grow while that lasts and begin
/// small again: one that was in vain is never much longer than what was dense before it.
struct CandidateWalk {
  /// Candidates after which is decided: few beside a page, and enough to tell a burst from a habit.
  static let window = 64
  /// Candidates so many places apart on average are close together.
  ///
  /// Where every third place is one, the events between them cost more to check than the lists to
  /// follow.
  static let denseGap = 2
  /// Places of the first stretch: as many as its window has covered.
  static let firstStretch = UInt64(Self.window * Self.denseGap)

  private let postings: QueryPostings
  private let last: UInt64
  private let isForward: Bool
  private var place: UInt64
  private var stretch = Self.firstStretch
  /// Places that are left of the stretch.
  private var left: UInt64 = 0
  private var isInStretch = false
  /// What the window holds so far, where it began, and how many events the page had then.
  private var candidates = 0
  private var begin: UInt64 = 0
  private var foundBefore = 0

  init(_ postings: QueryPostings, _ bounds: PageBounds, isForward: Bool) {
    self.postings = postings
    self.isForward = isForward
    last = bounds.last
    place = bounds.first
  }

  /// The next place in the read's direction.
  ///
  /// `found` tells how many of the places so far held an event of the page.
  mutating func next(found: Int) throws(EventLogError) -> QueryPostings.Step {
    if left > 0 {
      left -= 1
      place = isForward ? place + 1 : place - 1
      return .candidate(place)
    }
    if isInStretch {
      isInStretch = false
      try postings.skip(to: isForward ? place + 1 : place - 1)
    }
    let step = try postings.next()
    if case .candidate(let position) = step {
      place = position
      try count(found)
    }
    return step
  }

  /// Takes the place into the window and decides at its end how to go on.
  private mutating func count(_ found: Int) throws(EventLogError) {
    if candidates == 0 {
      begin = place
      foundBefore = found
    }
    candidates += 1
    guard candidates == Self.window else { return }
    candidates = 0
    if try postings.narrow(matches: found - foundBefore, of: Self.window) { return }
    guard distance(from: begin, to: place) < UInt64(Self.window * Self.denseGap) else {
      stretch = Self.firstStretch
      return
    }
    left = min(stretch, distance(from: place, to: last))
    isInStretch = left > 0
    // Bounded by what a page looks at.
    stretch *= 2
  }

  private func distance(from start: UInt64, to end: UInt64) -> UInt64 {
    isForward ? end - start : start - end
  }
}
