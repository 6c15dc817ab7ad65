import ArgumentParser
import Gateway
import Testing

@testable import WordWeave

@Suite struct AuditCommandsTests {
  private func node(_ position: Int, cause: Int?) -> JSONValue {
    .object([
      "position": .number(position), "type": .string("T\(position)"), "stream": .string("s"),
      "revision": .number(0), "actor": .null, "recordedAt": .string("2026-01-31T12:00:00.000000Z"),
      "occurredAt": .null, "cause": cause.map { .number($0) } ?? .null,
    ])
  }

  @Test func treesAreDrawnWithTheirBranches() {
    let answer = JSONValue.object([
      "event": .number(3),
      "items": .array([
        node(1, cause: nil), node(2, cause: 1), node(3, cause: 1), node(4, cause: 2),
        node(5, cause: 3),
      ]),
    ])
    let lines = CausationDrawing(answer).lines
    let tail = "  s@0  2026-01-31 12:00:00  "
    #expect(
      lines.map(\.text) == [
        "T1\(tail)(1)", "├─ T2\(tail)(2)", "│  └─ T4\(tail)(4)", "└─ ▶ T3\(tail)(3)",
        "   └─ T5\(tail)(5)",
      ]
    )
    #expect(lines.map(\.isAsked) == [false, false, false, true, false])
  }

  @Test func aCircleIsToldApartFromACauseThatIsNoEvent() {
    func origin(_ text: String) -> String? {
      let event = JSONValue.object([
        "id": .string("a"), "position": .number(1), "type": .string("T"), "cause": .null,
      ])
      let answer = JSONValue.object([
        "event": .number(1), "origin": .string(text), "items": .array([event]),
      ])
      return CausationDrawing(answer).origin
    }
    #expect(origin("a") == "caused by a, which is told below: it causes itself, in a circle")
    #expect(origin("b") == "caused by b, which is no event")
    #expect(CausationDrawing(.object(["event": .number(1)])).origin == nil)
  }

  @Test(arguments: [1, 2, 7, 1000]) func progressReadsThePositionsOfBothForms(piece: Int) {
    func places(_ text: String, _ format: AuditExportCommand.Format) -> ExportedPlaces {
      var places = ExportedPlaces(format)
      let bytes = Array(text.utf8)
      for start in stride(from: 0, to: bytes.count, by: piece) {
        places.take(Array(bytes[start..<min(start + piece, bytes.count)]))
      }
      return places
    }
    let lines = places("{\"position\":12,\"x\":1}\n{\"position\":345}\n", .ndjson)
    #expect(lines.last == 345)
    #expect(lines.events == 2)
    let table = places("position,actor\r\n12,\"a\r\n99,\"\"b\"\r\n345,c\r\n", .csv)
    #expect(table.last == 345)
    #expect(table.events == 2)
  }

  @Test func optionsBecomeTheQuestion() throws {
    let command = try #require(
      try WordWeaveCommand.parseAsRoot([
        "audit", "search", "--actor", "a b", "--entity", "post", "--type", "A", "--type", "B",
        "--tag", "t", "--since", "2026-01-31", "--correlation", "r",
      ]) as? AuditSearchCommand
    )
    #expect(
      command.filter.query.text
        == "?actor=a%20b&entity=post&type=A&type=B&tag=t&since=2026-01-31&correlation=r"
    )
    #expect(throws: (any Error).self) {
      _ = try WordWeaveCommand.parseAsRoot(["audit", "search", "--limit", "-1"])
    }
    #expect(throws: (any Error).self) {
      _ = try WordWeaveCommand.parseAsRoot(["audit", "export", "--format", "xml"])
    }
  }

  @Test(
    arguments: [
      ["search", "--since", "yesterday"], ["export", "--until", "2026-13-01"],
      ["search", "--since", "12"], ["show", "s", "--at", "@x"], ["show", "s", "--at", "@"],
      ["diff", "s", "x", "1"], ["diff", "s", "1", "2026-01-01T00:00:00"],
    ]
  ) func wrongTimesAndPlacesAreFaultsOfTheCommandLine(arguments: [String]) {
    #expect {
      _ = try WordWeaveCommand.parseAsRoot(["audit"] + arguments)
    } throws: { error in
      WordWeaveCommand.exitCode(for: error).rawValue == CommandError.Code.usage.rawValue
    }
  }

  @Test(arguments: ["12", "@3", "2026-01-31", "2026-01-31T12:00:00Z", "2026-01-31T12:00:00+01:00"])
  func placesAreTakenAsTheGatewayReadsThem(place: String) throws {
    for arguments in [["show", "s", "--at", place], ["diff", "s", place, place]] {
      _ = try WordWeaveCommand.parseAsRoot(["audit"] + arguments)
    }
  }
}
