import EventLogCore
import EventLogInMemory
import Foundation
import GRPCCore
import Schemas
import Testing

@testable import EventsService

@Suite struct AuditFileTests {
  /// Reads CSV as RFC 4180 has it, apart from the code under test.
  private func rows(_ bytes: [UInt8]) -> [[String]] {
    var (rows, row, cell) = ([[String]](), [String](), [UInt8]())
    var (place, isQuoted) = (0, false)
    func text() -> String { String(decoding: cell, as: UTF8.self) }
    while place < bytes.count {
      let byte = bytes[place]
      place += 1
      if isQuoted {
        if byte != 0x22 {
          cell.append(byte)
        } else if place < bytes.count, bytes[place] == 0x22 {
          cell.append(byte)
          place += 1
        } else {
          isQuoted = false
        }
        continue
      }
      switch byte {
      case 0x22: isQuoted = true
      case 0x2C:
        row.append(text())
        cell = []
      case 0x0D:
        #expect(bytes[place] == 0x0A)
        place += 1
        rows.append(row + [text()])
        (row, cell) = ([], [])
      default: cell.append(byte)
      }
    }
    #expect(row.isEmpty && cell.isEmpty)
    return rows
  }

  private func export(
    _ world: AuditWorld,
    _ format: Wordweave_Events_V1_AuditFormat,
    _ change: (inout Wordweave_Events_V1_AuditExportRequest) -> Void = { _ in }
  ) async throws -> (bytes: [UInt8], chunks: [Wordweave_Events_V1_AuditExportChunk]) {
    var request = Wordweave_Events_V1_AuditExportRequest()
    request.format = format
    change(&request)
    return try await world.audit.export(request, metadata: AuditWorld.metadata) { response in
      var chunks: [Wordweave_Events_V1_AuditExportChunk] = []
      for try await chunk in response.messages { chunks.append(chunk) }
      return (chunks.flatMap { Array($0.data) }, chunks)
    }
  }

  @Test func cellsAreQuotedAndFormulasAreDefused() async throws {
    try await AuditWorld.run { world in
      let actors = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "a,b", "a\"b", "a\r\nb", "plain", "é"]
      for actor in actors { try await world.append([.audited("T", by: actor)], to: "s-1") }
      let file = try await export(world, .csv)
      let table = rows(file.bytes)
      #expect(table.first == AuditFile.headings)
      let column = try #require(AuditFile.headings.firstIndex(of: "actor"))
      #expect(
        table.dropFirst().map { $0[column] } == [
          "'=1+1", "'+1", "'-1", "'@SUM(A1)", "'\tx", "a,b", "a\"b", "a\r\nb", "plain", "é",
        ]
      )
      #expect(table.allSatisfy { $0.count == AuditFile.headings.count })
    }
  }

  @Test func bothFormsHoldTheSameEvents() async throws {
    try await AuditWorld.run { world in
      try await world.append([try .drafted("Tides", tags: ["sea"], by: "ada")], to: "post-1")
      try await world.append(
        [
          .audited("Raw", by: "bob", correlation: "r", cause: "c", tags: ["t", "u"], data: [1, 2])
        ],
        to: nil
      )
      let lines = try await export(world, .ndjson).bytes.split(separator: 0x0A).map {
        try JSONSerialization.jsonObject(with: Data($0)) as? [String: Any] ?? [:]
      }
      #expect(lines.map { $0["position"] as? Int } == [1, 2])
      #expect((lines[0]["data"] as? [String: Any])?["title"] as? String == "Tides")
      #expect((lines[1]["data"] as? [String: Any])?["base64"] as? String == "AQI=")
      #expect((lines[1]["metadata"] as? [String: String])?["correlation-id"] == "r")
      #expect(lines[1]["stream"] is NSNull)
      let table = rows(try await export(world, .csv).bytes).dropFirst()
      // The first export is an event behind what it held.
      #expect(table.map { $0[0] } == ["1", "2", "3"])
      let second = try #require(table.dropFirst().first)
      #expect(second[10] == #"["t","u"]"#)
      #expect(second[12] == #"{"base64":"AQI="}"#)
    }
  }

  @Test func aLargeExportComesInPiecesAndTellsHowFarItIs() async throws {
    try await AuditWorld.run { world in
      for _ in 0..<6 {
        let event = NewEvent.audited("T", by: "ada", data: Array(repeating: 7, count: 1000))
        try await world.append(Array(repeating: event, count: 500), to: "s-1")
      }
      try await world.append([.audited("T", by: "bob")], to: "s-1")
      try await world.indexed()
      let file = try await export(world, .ndjson) { $0.criteria.actor = "ada" }
      #expect(file.bytes.count { $0 == 0x0A } == 3000)
      #expect(file.chunks.count > 3)
      #expect(file.chunks.allSatisfy { $0.data.count < 2 << 20 && $0.total == 3001 })
      #expect(file.chunks.map(\.done) == file.chunks.map(\.done).sorted())
      let last = try #require(file.chunks.last)
      #expect((last.done, last.events) == (3001, 3000))
      let action = try #require(try await world.actions().last)
      #expect(action.event.type == "$audit-exported")
      #expect(action.action.details.first { $0.name == "events" }?.value == "3000")
    }
  }

  @Test func aTombstonedStreamIsExportedAsHeaders() async throws {
    try await AuditWorld.run { world in
      try await world.append([.audited("T", by: "ada"), .audited("T", by: "ada")], to: "s")
      _ = try await world.log.append(.tombstoning("s"))
      let file = try await export(world, .csv) { $0.criteria.stream = "s" }
      let table = rows(file.bytes).dropFirst()
      #expect(table.map { $0[0] } == ["1", "2"])
      let removed = try #require(AuditFile.headings.firstIndex(of: "removed"))
      #expect(table.allSatisfy { $0[removed] == "true" })
    }
  }

  @Test func anEmptyExportIsAHeadingOrNothing() async throws {
    try await AuditWorld.run { world in
      try await world.append([.audited("T")], to: "s")
      let nothing = try await export(world, .ndjson) { $0.criteria.actor = "nobody" }
      #expect(nothing.bytes.isEmpty)
      let heading = try await export(world, .csv) { $0.criteria.actor = "nobody" }
      #expect(rows(heading.bytes) == [AuditFile.headings])
    }
  }
}
