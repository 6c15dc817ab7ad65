/// The last events of the log in memory, inverted, so that conditions and repeats near the head
/// need no read.
///
/// For each hash the tail knows the newest event that bears it, and each event knows the one
/// before: a chain per type and tag, without a list for each.
package struct RecentTail: Sendable {
  package struct Entry: Sendable {
    package let id: EventID
    package let type: EventType
    package let tags: [Tag]
    package let stream: NameKey?
    package let revision: UInt64?
    fileprivate let typeLink: Link
    fileprivate let tagLinks: [Link]
    fileprivate let cost: Int
  }

  fileprivate struct Link: Sendable {
    let hash: TextHash
    /// The position before this one that bears the hash; 0 if there is none in reach.
    let previous: UInt64
  }

  private struct Newest: Sendable {
    var position: UInt64
    /// How many events of the tail bear the hash: the rarest chain is walked first.
    var count: Int
  }

  /// Events kept; enough for the writers of a few seconds.
  package static let eventBound = 65_536
  /// Bytes kept, counted roughly, for events with many tags.
  package static let byteBound = 16 << 20

  private var ring: [Entry?]
  private var newest: [TextHash: Newest] = [:]
  private var ids: [EventID: UInt64] = [:]
  private var bytes = 0
  /// The first position that is kept; `last + 1` when nothing is.
  package private(set) var first: UInt64
  package private(set) var last: UInt64

  /// Makes an empty tail behind `head`.
  package init(head: UInt64, capacity: Int = 1024) {
    first = head + 1
    last = head
    ring = Array(repeating: nil, count: capacity)
  }

  package var count: Int { Int(last + 1 - first) }

  /// Whether everything after `position` is here.
  package func covers(after position: UInt64) -> Bool { position >= first - 1 }

  package func position(of id: EventID) -> UInt64? { ids[id] }

  package subscript(position: UInt64) -> Entry? {
    guard position >= first, position <= last else { return nil }
    return ring[Int(position % UInt64(ring.count))]
  }

  /// Adds the event at the next position.
  package mutating func append(_ event: PreparedEvent) {
    if count == ring.count { grow() }
    let position = last + 1
    let typeLink = link(event.typeHash, at: position)
    var tagLinks: [Link] = []
    if !event.tagHashes.isEmpty {
      tagLinks.reserveCapacity(event.tagHashes.count)
      for hash in event.tagHashes where !tagLinks.contains(where: { $0.hash == hash }) {
        tagLinks.append(link(hash, at: position))
      }
    }
    let entry = Entry(
      id: event.id,
      type: event.type,
      tags: event.tags,
      stream: event.stream,
      revision: event.revision,
      typeLink: typeLink,
      tagLinks: tagLinks,
      cost: 256 + event.tags.reduce(0) { $0 + 64 + $1.text.utf8.count }
    )
    ids[event.id] = position
    bytes += entry.cost
    ring[Int(position % UInt64(ring.count))] = entry
    last = position
  }

  /// Drops the oldest events beyond the bounds, but none after `published`: facts that were read
  /// at the published head are corrected from here.
  package mutating func trim(keepingAfter published: UInt64) {
    while first <= last, first <= published, count > Self.eventBound || bytes > Self.byteBound {
      dropFirst()
    }
  }

  /// The first event after `position` that the condition matches.
  package func firstMatch(_ condition: PreparedCondition, after position: UInt64) -> UInt64? {
    var found: UInt64?
    for item in condition.items {
      let bound = found ?? .max
      guard let match = firstMatch(item, after: position) else { continue }
      found = min(bound, match)
    }
    return found
  }

  private func firstMatch(
    _ item: PreparedCondition.Item,
    after position: UInt64
  ) -> UInt64? {
    var found: UInt64?
    if item.tags.isEmpty {
      for type in item.types {
        guard let match = walk(type.hash, item, after: position) else { continue }
        found = min(found ?? .max, match)
      }
      return found
    }
    var rarest: (hash: TextHash, count: Int)?
    for tag in item.tags {
      guard let newest = newest[tag.hash], newest.position > position else { return nil }
      if newest.count < rarest?.count ?? .max { rarest = (tag.hash, newest.count) }
    }
    guard let rarest else { return nil }
    return walk(rarest.hash, item, after: position)
  }

  /// Walks the chain of `hash` down to `position`; the last match met is the first in the log.
  private func walk(
    _ hash: TextHash,
    _ item: PreparedCondition.Item,
    after position: UInt64
  ) -> UInt64? {
    var found: UInt64?
    var place = newest[hash]?.position ?? 0
    while place > position, let entry = self[place] {
      if entry.matches(item) { found = place }
      place = entry.previous(hash)
    }
    return found
  }

  private mutating func link(_ hash: TextHash, at position: UInt64) -> Link {
    if let index = newest.index(forKey: hash) {
      let previous = newest.values[index]
      newest.values[index] = Newest(position: position, count: previous.count + 1)
      return Link(hash: hash, previous: previous.position)
    }
    newest[hash] = Newest(position: position, count: 1)
    return Link(hash: hash, previous: 0)
  }

  private mutating func dropFirst() {
    let index = Int(first % UInt64(ring.count))
    guard let entry = ring[index] else { return }
    ring[index] = nil
    if ids[entry.id] == first { ids[entry.id] = nil }
    bytes -= entry.cost
    unlink(entry.typeLink.hash)
    for link in entry.tagLinks { unlink(link.hash) }
    first += 1
  }

  private mutating func unlink(_ hash: TextHash) {
    guard let index = newest.index(forKey: hash) else { return }
    if newest.values[index].position == first {
      newest.remove(at: index)
    } else {
      newest.values[index].count -= 1
    }
  }

  private mutating func grow() {
    var larger: [Entry?] = Array(repeating: nil, count: ring.count * 2)
    for position in first..<(last + 1) {
      larger[Int(position % UInt64(larger.count))] = ring[Int(position % UInt64(ring.count))]
    }
    ring = larger
  }
}

extension RecentTail.Entry {
  /// Compares bytes: two texts with one hash never stand for each other (law L11).
  fileprivate func matches(_ item: PreparedCondition.Item) -> Bool {
    guard
      item.types.isEmpty
        || item.types.contains(where: { $0.text.text.hasSameBytes(as: type.text) })
    else { return false }
    return item.tags.allSatisfy { wanted in
      tags.contains { $0.text.hasSameBytes(as: wanted.text.text) }
    }
  }

  fileprivate func previous(_ hash: TextHash) -> UInt64 {
    if typeLink.hash == hash { return typeLink.previous }
    return tagLinks.first { $0.hash == hash }?.previous ?? 0
  }
}
