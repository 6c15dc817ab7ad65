/// The alternatives of a query of many texts, arranged so that an event finds those that may match
/// it by its own type and tags.
///
/// An alternative without tags is found by its types. One with tags is found by the one of them that
/// the fewest alternatives have, together with each of its types: then its other tags are compared.
/// Alternatives that share type and tag are found together, and cost a step each.
final class QueryIndex: Sendable {
  /// An alternative among those that are found by one type and tag.
  private struct Link: Sendable {
    let item: UInt32
    /// The place of the next and 1; 0 behind the last.
    let next: UInt32
  }

  /// The tags of the event that is looked at, by their numbers.
  struct Bearing: Sendable {
    private var words: [UInt64]
    fileprivate private(set) var numbers: [Int] = []

    /// Makes room for the tags of a query.
    init(for count: Int) { words = Array(repeating: 0, count: (count + 63) / 64) }

    fileprivate func holds(_ number: Int) -> Bool {
      words[number >> 6] & (1 << UInt64(number & 63)) != 0
    }

    fileprivate mutating func insert(_ number: Int) {
      guard !holds(number) else { return }
      words[number >> 6] |= 1 << UInt64(number & 63)
      numbers.append(number)
    }

    fileprivate mutating func removeAll() {
      for number in numbers { words[number >> 6] = 0 }
      numbers.removeAll(keepingCapacity: true)
    }
  }

  /// Stands for every type in a key.
  private static let everyType = Int(UInt32.max)

  private let types: TextNumbers
  private let tags: TextNumbers
  /// For each type whether an alternative without tags names it.
  private let isEnough: [Bool]
  /// Where the links of a type and a tag begin: a place in `links` and 1.
  private let begins: [UInt64: UInt32]
  private let links: [Link]
  /// The tags of all alternatives, without those they are found by, and where each one's end.
  private let others: [UInt32]
  private let ends: [Int]

  /// Arranges a query that does not match everything.
  init(_ query: EventQuery) {
    let items = query.items
    var types = TextNumbers(for: items.reduce(0) { $0 + $1.types.count })
    var tags = TextNumbers(for: items.reduce(0) { $0 + $1.tags.count })
    var enough: Set<Int> = []
    var tagged: [(types: [Int], tags: [Int])] = []
    var bearers: [Int] = []
    for item in items {
      let names = Self.distinct(item.types.map { types.insert($0.text) })
      guard !item.tags.isEmpty else {
        enough.formUnion(names)
        continue
      }
      let marks = Self.distinct(item.tags.map { tags.insert($0.text) })
      while bearers.count < tags.count { bearers.append(0) }
      for mark in marks { bearers[mark] += 1 }
      tagged.append((names, marks))
    }
    var begins: [UInt64: UInt32] = [:]
    begins.reserveCapacity(tagged.count)
    var links: [Link] = []
    var others: [UInt32] = []
    var ends: [Int] = []
    ends.reserveCapacity(tagged.count)
    for (number, item) in tagged.enumerated() {
      guard let rarest = item.tags.min(by: { bearers[$0] < bearers[$1] }) else { continue }
      for tag in item.tags where tag != rarest { others.append(UInt32(tag)) }
      ends.append(others.count)
      for type in item.types.isEmpty ? [Self.everyType] : item.types {
        let key = Self.key(type, rarest)
        links.append(Link(item: UInt32(number), next: begins[key] ?? 0))
        begins[key] = UInt32(links.count)
      }
    }
    isEnough = (0..<types.count).map { enough.contains($0) }
    self.types = types
    self.tags = tags
    self.begins = begins
    self.links = links
    self.others = others
    self.ends = ends
  }

  /// How many tags there are.
  var tagCount: Int { tags.count }

  /// Whether an alternative matches an event of this type and these tags, each behind its length;
  /// `steps` grows by what that took.
  func matches(
    type: UnsafeRawBufferPointer,
    tags bytes: UnsafeRawBufferPointer,
    _ bearing: inout Bearing,
    _ steps: inout Int
  ) -> Bool {
    let type = types.number(of: type)
    if let type, isEnough[type] { return true }
    guard tags.count > 0 else { return false }
    defer { bearing.removeAll() }
    var place = 0
    while place < bytes.count {
      steps += 1
      let end = place + 1 + Int(bytes[place])
      let tag = UnsafeRawBufferPointer(rebasing: bytes[(place + 1)..<end])
      if let number = tags.number(of: tag) { bearing.insert(number) }
      place = end
    }
    for tag in bearing.numbers {
      if holds(Self.everyType, tag, bearing, &steps) { return true }
      if let type, holds(type, tag, bearing, &steps) { return true }
    }
    return false
  }

  /// Whether one of the alternatives that are found by a type and a tag has all of its tags.
  private func holds(
    _ type: Int,
    _ tag: Int,
    _ bearing: Bearing,
    _ steps: inout Int
  ) -> Bool {
    var place = begins[Self.key(type, tag)] ?? 0
    while place > 0 {
      let link = links[Int(place) - 1]
      let item = Int(link.item)
      var index = item == 0 ? 0 : ends[item - 1]
      steps += 1
      while index < ends[item], bearing.holds(Int(others[index])) {
        steps += 1
        index += 1
      }
      if index == ends[item] { return true }
      place = link.next
    }
    return false
  }

  private static func key(_ type: Int, _ tag: Int) -> UInt64 {
    UInt64(type) << 32 | UInt64(tag)
  }

  private static func distinct(_ numbers: [Int]) -> [Int] {
    guard numbers.count > 1 else { return numbers }
    var distinct: [Int] = []
    distinct.reserveCapacity(numbers.count)
    for number in numbers.sorted() where distinct.last != number { distinct.append(number) }
    return distinct
  }
}
