import Gateway
import Testing

@testable import WordWeave

@Suite struct EventsStatsCommandTests {
  private func lines(_ log: String) throws -> [String] {
    EventsStatsCommand.types(of: try JSONValue(parsing: log)).lines(width: nil)
  }

  @Test func sharesAreOfWhatWasCounted() throws {
    let shown = try lines(
      #"{"head":30,"counted":10,"countedOf":10,"types":[{"type":"B","events":7},{"type":"C","events":3}]}"#
    )
    #expect(
      shown == [
        "TYPE  OF THE NEWEST 10   SHARE", "B                    7  70.0 %",
        "C                    3  30.0 %",
      ]
    )
  }

  @Test func aLogThatWasCountedAsAWholeIsNotCalledItsNewest() throws {
    let types = #""types":[{"type":"B","events":3},{"type":"C","events":1}]"#
    // Two of them were removed.
    for log in [#"{"head":6,"counted":4,"countedOf":6,\#(types)}"#, #"{"head":6,\#(types)}"#] {
      #expect(
        try lines(log) == ["TYPE  EVENTS   SHARE", "B          3  75.0 %", "C          1  25.0 %"]
      )
    }
  }
}
