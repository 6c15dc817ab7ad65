import EventLogCore
import Testing

@Suite struct AppendRequestValidateTests {
  @Test func atTheLimitIsAcceptedAndOneMoreIsNot() {
    let cases: [(String, Int?, Int, (Int) -> AppendRequest)] = [
      ("data", 0, 1 << 20, { .of(NewEvent(type: "X", data: .init(repeating: 1, count: $0))) }),
      ("type", 0, 255, { .of(.named(String(repeating: "x", count: $0))) }),
      ("tag", 0, 255, { .of(.named("X", tags: [Tag(String(repeating: "x", count: $0))])) }),
      ("tags", 0, 255, { count in .of(.named("X", tags: (0..<count).map { Tag("t\($0)") })) }),
      (
        "content type", 0, 127,
        { .of(NewEvent(type: "X", contentType: .init(repeating: "c", count: $0))) }
      ),
      (
        "stream", nil, 255,
        { AppendRequest(to: StreamName(String(repeating: "s", count: $0)), [.named("X")]) }
      ),
      ("events", nil, 16_384, { AppendRequest(to: nil, .init(repeating: .named("X"), count: $0)) }),
      (
        "metadata entries", 0, 64,
        { count in
          .of(
            NewEvent(
              type: "X",
              metadata: Metadata((0..<count).map { .init(key: "k\($0)", value: "") })
            )
          )
        }
      ),
      (
        "metadata", 0, 128 << 10,
        { count in
          .of(NewEvent(type: "X", metadata: ["k": String(repeating: "v", count: count - 1)]))
        }
      ),
    ]
    for (field, index, limit, make) in cases {
      #expect(throws: Never.self) { try make(limit).validate() }
      #expect(
        throws: EventLogError.tooLarge(
          field: field,
          eventIndex: index,
          limit: limit,
          actual: limit + 1
        )
      ) { try make(limit + 1).validate() }
    }
  }

  @Test func shapesThatAreNeverAcceptedAreNamed() {
    #expect(throws: EventLogError.emptyAppend) { try AppendRequest([]).validate() }
    let id = EventID.make()
    let invalid: [AppendRequest] = [
      AppendRequest(to: "$x", [.named("X")]), .of(.named("$x")), .of(.named("")),
      AppendRequest(to: "a\u{0}b", [.named("X")]), AppendRequest(to: "", [.named("X")]),
      AppendRequest(to: nil, expecting: .noStream, [.named("X")]),
      AppendRequest([
        StreamAppend(to: "a", [.named("X")]), StreamAppend(to: "a", [.named("X")]),
      ]),
      .of(.named("X", id: EventID.none)),
      AppendRequest(to: nil, [.named("X", id: id), .named("Y", id: id)]),
      .of(NewEvent(type: "X", metadata: ["k": "1", "k": "2"])),
    ]
    for request in invalid {
      #expect {
        try request.validate()
      } throws: { error in
        if case .invalid = error as? EventLogError { true } else { false }
      }
    }
  }
}

extension AppendRequest {
  fileprivate static func of(_ event: NewEvent) -> AppendRequest { AppendRequest(to: nil, [event]) }
}
