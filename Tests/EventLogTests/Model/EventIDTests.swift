@testable internal import EventLogCore
internal import Testing

@Suite struct EventIDTests {
  @Test func textRoundTripsInEitherCase() throws {
    let text = "01977c3e-8f3a-7b12-9cde-0123456789ab"
    let id = try #require(EventID(text))
    #expect(id.description == text)
    #expect(EventID(text.uppercased()) == id)
    #expect(id.high == 0x0197_7C3E_8F3A_7B12)
    #expect(id.low == 0x9CDE_0123_4567_89AB)
  }

  @Test(arguments: [
    "", "01977c3e", "01977c3e-8f3a-7b12-9cde-0123456789a", "01977c3e-8f3a-7b12-9cde-0123456789abc",
    "01977c3e8f3a7b129cde0123456789ab", "{1977c3e-8f3a-7b12-9cde-0123456789ab}",
    "01977c3e-8f3a-7b12-9cde-0123456789ag", "01977c3e-8f3a-7b129-cde-0123456789ab",
    "01977c3e-8f3a-7b12-9cde_0123456789ab", "٠1977c3e-8f3a-7b12-9cde-0123456789a",
  ])
  func anythingElseIsNoID(text: String) {
    #expect(EventID(text) == nil)
  }

  @Test func randomIDsRoundTripThroughTextAndBytes() {
    var random = SystemRandomNumberGenerator()
    for _ in 0..<500 {
      let id = EventID(high: random.next(), low: random.next())
      #expect(EventID(id.description) == id)
      #expect(EventID(bytes: id.bytes) == id)
    }
    #expect(EventID(bytes: [UInt8](repeating: 0, count: 15)) == nil)
    #expect(EventID(bytes: [UInt8](repeating: 0, count: 17)) == nil)
    #expect(EventID(bytes: [UInt8](repeating: 0, count: 16)) == EventID.none)
  }

  @Test func madeIDsAreVersionSevenOfTheirTime() {
    var random = SystemRandomNumberGenerator()
    for milliseconds: Int64 in [0, 1, 1_764_000_000_000, 1 << 47] {
      let time = Timestamp(microseconds: milliseconds * 1000 + 999)
      let id = EventID(at: time, using: &random)
      #expect(id.high >> 16 == UInt64(milliseconds))
      #expect(id.high >> 12 & 0xF == 7)
      #expect(id.low >> 62 == 0b10)
    }
    // Before the epoch there are no milliseconds to hold.
    #expect(EventID(at: Timestamp(microseconds: -1), using: &random).high >> 16 == 0)
  }

  @Test func idsOfTheLogNameTheirPlaces() {
    var random = SystemRandomNumberGenerator()
    let time = Timestamp(microseconds: 1_764_000_000_000_999)
    let places: [UInt64] = [1, 2, 0xFFF_FFFF, 0x1000_0000, 1 << 39, EventID.placeBound - 1]
    let ids = places.map { EventID(at: time, place: $0, using: &random) }
    for (id, place) in zip(ids, places) {
      #expect(id.place == place && id.names(place) && !id.names(place + 1))
      #expect(id.high >> 16 == 1_764_000_000_000)
      #expect(id.high >> 12 & 0xF == 7 && id.low >> 62 == 0b10)
    }
    // Of one millisecond in the order of the log.
    #expect(ids.sorted() == ids)
    // What is left is random.
    let again = places.map { EventID(at: time, place: $0, using: &random) }
    #expect(Set(ids + again).count == 2 * places.count)
    // Beyond the bound no id has room for its place.
    let beyond = EventID(at: time, place: EventID.placeBound, using: &random)
    #expect(!beyond.names(EventID.placeBound) && beyond.high >> 12 & 0xF == 7)
    // Of other versions or variants none names anything.
    #expect(EventID(high: ids[0].high ^ 0x3000, low: ids[0].low).place == nil)
    #expect(EventID(high: ids[0].high, low: ids[0].low ^ 1 << 62).place == nil)
    #expect(EventID.none.place == nil)
  }

  @Test func idsOrderByTimeAndBytes() {
    var random = SystemRandomNumberGenerator()
    let ids = (0..<50).map { EventID(at: Timestamp(microseconds: $0 * 1000), using: &random) }
    #expect(ids.sorted() == ids)
    let shuffled = ids.shuffled()
    let byBytes = shuffled.sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }
    #expect(byBytes == ids)
  }

  @Test func madeIDsDifferHoweverManyMakeThem() async {
    // More than any stock of random numbers holds, by several threads at once.
    let made = await withTaskGroup(of: [EventID].self) { group in
      for _ in 0..<8 { group.addTask { (0..<2000).map { _ in EventID.make() } } }
      return await group.reduce(into: []) { $0 += $1 }
    }
    #expect(Set(made).count == 16_000)
    #expect(Set(made.map(\.low)).count == 16_000)
    #expect(made.allSatisfy { $0.high >> 12 & 0xF == 7 && $0.low >> 62 == 0b10 })
  }
}
