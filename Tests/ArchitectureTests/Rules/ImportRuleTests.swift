import Testing

@Suite struct ImportRuleTests {
  private let rule = ImportRule(
    rooms: [
      RoomImports("Sources/Services", ["ServiceKit"]),
      RoomImports("Sources/Services/Kit", ["EventLogCore"]),
    ],
    free: ["Sources/WordWeave"],
    foundation: [("Sources/Services/Kit/Dates.swift", "a date format forces it")]
  )

  private func lines(_ path: String, _ text: String) -> [Int?] {
    rule.findings(in: SourceFile(path: path, text: text)).map(\.line)
  }

  @Test func anImportOutsideTheTableIsToldWithItsLine() {
    let text = "// import CRocksDB\nimport ServiceKit\n\npublic import CRocksDB\n"
    #expect(lines("Sources/Services/Posts/Post.swift", text) == [4])
  }

  @Test func everyFormOfImportIsSeen() {
    let text = """
      @preconcurrency import A
      @_exported public import B
      internal import struct C.D
      import E; import F
      let text = "import G"
      """
    let imports = Import.all(in: SourceFile(path: "Sources/X.swift", text: text))
    #expect(imports.map(\.module) == ["A", "B", "C", "E", "F"])
  }

  @Test func theDeepestFolderDecides() {
    #expect(lines("Sources/Services/Kit/A.swift", "import EventLogCore") == [])
    #expect(lines("Sources/Services/Kit/A.swift", "import ServiceKit") == [1])
  }

  @Test func aFileOutsideEveryRoomIsTold() {
    #expect(lines("Sources/Shelf/A.swift", "") == [nil])
  }

  @Test func foundationNeedsAReasonEverywhere() {
    #expect(lines("Sources/WordWeave/A.swift", "import Anything\nimport Foundation") == [2])
    #expect(lines("Sources/Services/Kit/Dates.swift", "import FoundationEssentials") == [])
    #expect(lines("Sources/Services/Kit/Other.swift", "import Dispatch") == [1])
  }

  @Test func everyReasonIsASentence() {
    for (path, reason) in ImportTable.foundation {
      #expect(reason.count > 10, "\(path) is admitted without a reason")
    }
  }
}
