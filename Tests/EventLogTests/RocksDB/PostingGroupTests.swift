import Testing

@testable import EventLogRocksDB

@Suite struct PostingGroupTests {
  private static func group(_ positions: [UInt64]) -> PostingGroup {
    var group = PostingGroup()
    for position in positions {
      let isTaken = group.add(position)
      #expect(isTaken)
    }
    return group
  }

  private static func value(_ group: PostingGroup) -> [UInt8] {
    var bytes: [UInt8] = []
    group.encode(into: &bytes)
    return bytes
  }

  @Test(
    arguments: [
      [1], [1, 2], [7, 8, 9, 12, 300, 301, 70_000], [.max - 3, .max - 1, .max], [1, 3, .max],
    ] as [[UInt64]]
  )
  func readsWhatItWrote(_ positions: [UInt64]) throws {
    let group = Self.group(positions)
    var read = PostingGroup()
    let last = try #require(positions.last)
    let isRead = Self.value(group).withUnsafeBytes { read.decode($0, last: last) }
    #expect(isRead)
    #expect(read.runs == group.runs)
  }

  @Test func oneEventTakesNoValue() {
    #expect(Self.value(Self.group([41])).isEmpty)
  }

  @Test func aThousandEventsInARowTakeTwoBytes() {
    #expect(Self.value(Self.group(Array(1...1000))).count == 2)
  }

  @Test func anEventThatBearsATagTwiceIsOnePosition() {
    #expect(Self.group([5, 5]).runs == [PostingGroup.Run(first: 5, last: 5)])
  }

  @Test func aRowHasABound() {
    var group = Self.group((0..<UInt64(PostingGroup.mostRuns)).map { $0 * 2 + 1 })
    let last = UInt64(PostingGroup.mostRuns) * 2 - 1
    let takesAnotherRun = group.add(last + 2)
    #expect(!takesAnotherRun)
    // What touches the last run needs no room.
    let takesANeighbour = group.add(last + 1)
    #expect(takesANeighbour)
  }

  @Test func findsTheNearestPositionInBothDirections() {
    var random = SystemRandomNumberGenerator()
    let positions = Set((0..<200).map { _ in UInt64.random(in: 1...600, using: &random) }).sorted()
    let group = Self.group(positions)
    for place in UInt64(0)...601 {
      #expect(group.first(from: place) == positions.first { $0 >= place })
      #expect(group.last(upTo: place) == positions.last { $0 <= place })
    }
  }

  @Test(
    arguments: [
      // Not ended; longer than there are positions; a run before the first position.
      [0x80], [0x0A], [0x00, 0x80], [0x00, 0x09], [0x00, 0x02, 0x09],
      [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
    ] as [[UInt8]]
  )
  func refusesWhatIsNoRow(_ bytes: [UInt8]) {
    var group = PostingGroup()
    let isRead = bytes.withUnsafeBytes { group.decode($0, last: 10) }
    #expect(!isRead)
  }
}
