/// The search for the first event that a condition matches, in the part of the log that memory does
/// not hold.
///
/// It may take as many steps as the log has events. So a storage goes on with it for some steps at a
/// time, and the search keeps how far that came. What was searched stays searched: events do not
/// change, and when more have come only those are left.
///
/// `@unchecked Sendable`: in the hands of one thread at a time, through the pipeline's lock.
package final class ConditionSearch: @unchecked Sendable {
  package let condition: PreparedCondition
  /// What is searched: the positions behind `after`, up to `head`.
  package private(set) var after: UInt64
  package private(set) var head: UInt64
  /// The first match that was found so far; an earlier one may be left to be found.
  package private(set) var match: UInt64?
  /// Whether `match` is the answer.
  package private(set) var isDone: Bool

  // How far the storage came.

  /// The next position to look at, in the list that is followed if the storage has lists.
  package var place: UInt64
  /// What a storage keeps of it from one turn to the next, for the part that is searched.
  package var kept: (any Sendable)?
  /// Which of the lists is followed.
  package private(set) var list = 0
  /// The lists of an index that name all events which may match.
  package private(set) lazy var lists: [ConditionList] = ConditionList.all(of: condition.query)

  /// Begins a search up to `head`.
  package init(_ condition: PreparedCondition, upTo head: UInt64) {
    self.condition = condition
    after = condition.after
    self.head = max(head, condition.after)
    isDone = head <= condition.after
    // Behind the highest position there is nothing to search.
    place = condition.after < .max ? condition.after + 1 : .max
  }

  /// Goes on up to a later head, once it is done.
  package func extend(to head: UInt64) {
    guard isDone, match == nil, head > self.head else { return }
    after = self.head
    self.head = head
    place = after + 1
    list = 0
    kept = nil
    isDone = false
  }

  /// Whether all is searched but what came meanwhile.
  package var isCatchingUp: Bool { after > condition.after }

  /// The last position that is of interest.
  package var last: UInt64 { match.map { $0 - 1 } ?? head }

  /// Takes in a match that is earlier than all before.
  package func found(_ position: UInt64) { match = position }

  /// Goes to the next list, or ends behind the last.
  package func endList() {
    list += 1
    place = after + 1
    if list == lists.count || last <= after { isDone = true }
  }

  /// Ends: there is no match but the one that was found.
  package func end() { isDone = true }
}

/// Names of an index whose events may match a condition: a type, or tags that are all borne.
package struct ConditionList: Hashable, Sendable {
  package let isOfType: Bool
  package let hashes: [TextHash]

  /// One list for each type that an alternative without tags names, and for each set of tags: who
  /// asks for a thousand types of one tag follows that tag once.
  ///
  /// Found by sorting, not by dictionaries: texts can be chosen whose hashes meet there.
  static func all(of query: EventQuery) -> [ConditionList] {
    var types: [TextHash] = []
    var sets: [[TextHash]] = []
    for item in query.items {
      if item.tags.isEmpty {
        types += item.types.map { TextHash($0.text, as: .type) }
      } else {
        sets.append(distinct(item.tags.map { TextHash($0.text, as: .tag) }))
      }
    }
    var lists = distinct(types).map { ConditionList(isOfType: true, hashes: [$0]) }
    if sets.count > 1 { sets.sort { $0.lexicographicallyPrecedes($1, by: TextHash.isBefore) } }
    for set in sets where lists.last?.hashes != set || lists.last?.isOfType == true {
      lists.append(ConditionList(isOfType: false, hashes: set))
    }
    return lists
  }

  private static func distinct(_ hashes: [TextHash]) -> [TextHash] {
    guard hashes.count > 1 else { return hashes }
    var distinct: [TextHash] = []
    distinct.reserveCapacity(hashes.count)
    for hash in hashes.sorted(by: TextHash.isBefore) where distinct.last != hash {
      distinct.append(hash)
    }
    return distinct
  }
}

extension TextHash {
  /// An order, which is that of the rows in an index.
  fileprivate static func isBefore(_ one: TextHash, _ other: TextHash) -> Bool {
    one.high == other.high ? one.low < other.low : one.high < other.high
  }
}
