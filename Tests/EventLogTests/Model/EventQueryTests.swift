internal import EventLogCore
internal import Testing

@Suite struct EventQueryTests {
  /// Both ways of matching must agree: on texts, and on stored bytes.
  private func matches(_ query: EventQuery, _ type: EventType, _ tags: [Tag]) throws -> Bool {
    let event = try RecordedEvent(
      envelope: EnvelopeTests.encoded(NewEvent(type: type, tags: tags))
    )
    let stored = event.matches(query)
    #expect(query.matches(type: type, tags: tags) == stored)
    return stored
  }

  @Test func noItemsMatchEverything() throws {
    #expect(try matches(.all, "A", []))
    #expect(EventQuery.all.matchesEverything)
  }

  @Test func anItemWithNeitherMatchesEverything() throws {
    let query = EventQuery([EventQuery.Item(types: ["A"]), EventQuery.Item()])
    #expect(try matches(query, "B", ["x"]))
    #expect(query.matchesEverything)
  }

  @Test func typesAreAlternatives() throws {
    #expect(try matches(.types("A", "B"), "B", []))
    #expect(try !matches(.types("A", "B"), "C", ["A"]))
  }

  @Test func tagsMustAllBeThere() throws {
    #expect(try matches(.tags("x", "y"), "A", ["y", "z", "x"]))
    #expect(try !matches(.tags("x", "y"), "A", ["x", "z"]))
    #expect(try !matches(.tags("x"), "A", []))
    #expect(try matches(.tags("x", "x"), "A", ["x"]))
  }

  @Test func typesAndTagsMustBothHold() throws {
    let query = EventQuery([EventQuery.Item(types: ["A"], tags: ["x"])])
    #expect(try matches(query, "A", ["x"]))
    #expect(try !matches(query, "A", ["y"]))
    #expect(try !matches(query, "B", ["x"]))
  }

  @Test func itemsAreAlternatives() throws {
    let query = EventQuery([
      EventQuery.Item(types: ["A"], tags: ["x"]), EventQuery.Item(types: ["B"], tags: ["y"]),
    ])
    #expect(try matches(query, "B", ["y"]))
    #expect(try !matches(query, "A", ["y"]))
  }

  @Test func bytesDecideAndNotCharacters() throws {
    #expect(try !matches(.tags("e\u{301}"), "A", ["\u{E9}"]))
    #expect(try !matches(.types("e\u{301}"), "\u{E9}", []))
    #expect(try !matches(.tags("X"), "A", ["x"]))
    #expect(try !matches(.tags("x"), "A", ["xx"]))
    #expect(Tag("e\u{301}") != Tag("\u{E9}"))
    #expect(Set<StreamName>(["e\u{301}", "\u{E9}"]).count == 2)
    #expect(StreamName("e\u{301}") < StreamName("\u{E9}"))
  }
}
