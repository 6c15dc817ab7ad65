/// The last events of the log in memory, inverted, so that conditions and repeats near the head
/// need no read.
///
/// For each hash the tail knows the newest event that bears it, and each event knows the one
/// before: a chain per type and tag, without a list for each. Chains are made of the events behind
/// the last condition when the next one comes: a log that is never asked makes none.
package struct RecentTail: Sendable {
  private struct Newest: Sendable {
    var position: UInt64
    /// How many events of the tail bear the hash: the rarest chain is walked first.
    var count: Int
  }

  /// Events kept; enough for the writers of a few seconds.
  package static let eventBound = 65_536
  /// Bytes kept of their texts and hashes: those of so many events with a tag or two.
  package static let byteBound = 8 << 20

  // Events lie at their position modulo the capacity, a power of two.
  private var ids: [EventID]
  private var places: [TailRecords.Place]
  private var records = TailRecords()
  private var slots: SlotTable
  private var newest: [TextHash: Newest] = [:]
  /// The last position that is in `newest` and linked.
  private var linked: UInt64
  /// The first position that is kept; `last + 1` when nothing is.
  package private(set) var first: UInt64
  package private(set) var last: UInt64

  /// Makes an empty tail behind `head`; `capacity` is a power of two.
  package init(head: UInt64, capacity: Int = 1024) {
    first = head + 1
    last = head
    linked = head
    ids = Array(repeating: .none, count: capacity)
    places = Array(repeating: .none, count: capacity)
    slots = SlotTable(for: capacity)
  }

  package var count: Int { Int(last + 1 - first) }

  /// Whether everything after `position` is here.
  package func covers(after position: UInt64) -> Bool { position >= first - 1 }

  package func position(of id: EventID) -> UInt64? {
    guard let slot = slots.slot(of: id, in: ids) else { return nil }
    // The one position of the tail that lies there.
    return first + (UInt64(slot) &- first) & mask
  }

  /// The event of this id, if it is here.
  package func known(_ id: EventID) -> KnownEvent? {
    position(of: id).map { records.known(at: place(of: $0), position: $0) }
  }

  /// Adds the event at the next position, which is stamped.
  package mutating func append(
    _ event: PreparedEvent,
    _ tagHashes: [TextHash],
    _ envelope: UnsafeRawBufferPointer
  ) {
    if count == ids.count { grow() }
    last += 1
    let slot = Int(last & mask)
    ids[slot] = event.id
    slots.insert(slot, event.id)
    places[slot] = records.append(event, tagHashes, envelope)
  }

  /// Drops the oldest events beyond the bounds, but none after `published`: facts that were read
  /// at the published head are corrected from here.
  package mutating func trim(keepingAfter published: UInt64) {
    while first <= last, first <= published,
      count > Self.eventBound || records.byteCount > Self.byteBound
    {
      dropFirst()
    }
  }

  /// What the tail says of a condition.
  package enum Answer: Hashable, Sendable {
    case noMatch
    case firstMatch(UInt64)
    /// To tell takes longer than whoever has the tail may keep others from it.
    case tooLong
  }

  /// The first event after `position` that the condition matches.
  ///
  /// Chains are followed for twice as many steps as there are events after `position`; a condition of
  /// alternatives that need more, or of more texts than events, is asked of each event instead.
  package mutating func firstMatch(
    _ condition: PreparedCondition,
    after position: UInt64
  ) -> Answer {
    let position = max(position, first - 1)
    guard position < last else { return .noMatch }
    let events = Int(last - position)
    guard !condition.isLarge, condition.textCount < events else {
      return walk(condition, after: position)
    }
    while linked < last { linkNext() }
    var left = 2 * events
    var found: UInt64?
    for item in condition.items {
      let match = firstMatch(item, after: position, &left)
      guard left >= 0 else { return walk(condition, after: position) }
      if let match { found = min(found ?? .max, match) }
    }
    return found.map { .firstMatch($0) } ?? .noMatch
  }

  /// What asking the events may take beyond looking at them, in events: as much again as all that
  /// the tail holds, some ten milliseconds.
  static let extraBound = eventBound

  /// Asks every event after `position`, of which there are some.
  private func walk(_ condition: PreparedCondition, after position: UInt64) -> Answer {
    var matcher = condition.matcher
    for next in (position + 1)...last {
      if records.matches(&matcher, at: place(of: next)) { return .firstMatch(next) }
      guard matcher.extra <= Self.extraBound else { return .tooLong }
    }
    return .noMatch
  }

  private func firstMatch(
    _ item: PreparedCondition.Item,
    after position: UInt64,
    _ left: inout Int
  ) -> UInt64? {
    var found: UInt64?
    if item.tags.isEmpty {
      for type in item.types {
        guard let match = walk(type, item, after: position, &left) else { continue }
        found = min(found ?? .max, match)
      }
      return found
    }
    var rarest: (hash: TextHash, count: Int)?
    for tag in item.tags {
      guard let newest = newest[tag], newest.position > position else { return nil }
      if newest.count < rarest?.count ?? .max { rarest = (tag, newest.count) }
    }
    guard let rarest else { return nil }
    return walk(rarest.hash, item, after: position, &left)
  }

  /// Texts of an alternative that are compared in one step.
  private static let textsOfStep = 16

  /// Walks the chain of `hash` down to `position`, or until no steps are left; the last match met is
  /// the first in the log.
  private func walk(
    _ hash: TextHash,
    _ item: PreparedCondition.Item,
    after position: UInt64,
    _ left: inout Int
  ) -> UInt64? {
    let cost = 1 + (item.types.count + item.tags.count) / Self.textsOfStep
    var found: UInt64?
    var next = newest[hash]?.position ?? 0
    while next > position {
      left -= cost
      guard left >= 0 else { return nil }
      let place = place(of: next)
      if records.matches(item, at: place) { found = next }
      next = records.previous(hash, at: place)
    }
    return found
  }

  private var mask: UInt64 { UInt64(ids.count - 1) }

  private func place(of position: UInt64) -> TailRecords.Place { places[Int(position & mask)] }

  /// Puts the first event that is not linked at the head of its chains.
  private mutating func linkNext() {
    linked += 1
    let place = place(of: linked)
    for index in 0..<records.linkCount(at: place) {
      let hash = records.link(index, at: place).hash
      guard let known = newest.index(forKey: hash) else {
        newest[hash] = Newest(position: linked, count: 1)
        continue
      }
      let previous = newest.values[known]
      // A tag that the event bears twice; its first link is the one that counts.
      if previous.position == linked { continue }
      newest.values[known] = Newest(position: linked, count: previous.count + 1)
      records.setLink(index, at: place, previous: previous.position)
    }
  }

  private mutating func dropFirst() {
    let slot = Int(first & mask)
    slots.remove(slot, ids)
    if first <= linked { unlink(places[slot]) }
    first += 1
    linked = max(linked, first - 1)
    records.drop(before: first <= last ? place(of: first) : nil)
  }

  /// Takes the first event out of its chains.
  private mutating func unlink(_ place: TailRecords.Place) {
    for index in 0..<records.linkCount(at: place) {
      let hash = records.link(index, at: place).hash
      guard let known = newest.index(forKey: hash) else { continue }
      if newest.values[known].position == first {
        newest.remove(at: known)
      } else if (0..<index).allSatisfy({ records.link($0, at: place).hash != hash }) {
        newest.values[known].count -= 1
      }
    }
  }

  private mutating func grow() {
    let capacity = ids.count * 2
    var largerIDs: [EventID] = Array(repeating: .none, count: capacity)
    var largerPlaces: [TailRecords.Place] = Array(repeating: .none, count: capacity)
    var larger = SlotTable(for: capacity)
    for position in first..<(last + 1) {
      let slot = Int(position & UInt64(capacity - 1))
      largerIDs[slot] = ids[Int(position & mask)]
      largerPlaces[slot] = place(of: position)
      larger.insert(slot, largerIDs[slot])
    }
    ids = largerIDs
    places = largerPlaces
    slots = larger
  }
}
