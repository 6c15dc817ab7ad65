import EventLogCore
import EventLogInMemory
import Foundation
import GRPCCore
import Schemas
import SwiftProtobuf
import Testing

@testable import EventsService

@Suite struct FieldTextTests {
  @Test func fieldsKeepTheirTextDigitByDigit() {
    let json =
      #"{"a":"x \"y\" {,}","at":1790000000000001,"none":{},"in":{"b":[1,{"c":"]"}],"d":true}}"#
    #expect(
      FieldText.fields(of: json) == [
        .init(path: "a", value: #""x \"y\" {,}""#), .init(path: "at", value: "1790000000000001"),
        .init(path: "none", value: "{}"), .init(path: "in.b", value: #"[1,{"c":"]"}]"#),
        .init(path: "in.d", value: "true"),
      ]
    )
    #expect(FieldText.fields(of: "{}").isEmpty)
  }

  @Test func namesOfSchemasAndOfJSONAreOne() {
    #expect(FieldName.plain("display_name") == "displayName")
    #expect(FieldName.plain("profile.display_name") == "profile.displayName")
    #expect(FieldName.plain("displayName") == "displayName")
    #expect(FieldName.names("profile.bio", within: "profile"))
    #expect(!FieldName.names("profiles", within: "profile"))
  }
}

@Suite struct StreamFoldTests {
  private func at(_ revision: UInt64) -> Wordweave_Events_V1_AuditMoment {
    .with { $0.revision = revision }
  }

  /// A post in five events; the clock moves a minute before each.
  private func write(_ world: AuditWorld) async throws {
    let events: [NewEvent] = [
      try .drafted("Tides", tags: ["sea"], by: "ada"),
      try .edited(by: "bob") { $0.title = "Waves" },
      try .edited(by: "bob") { $0.tags = .init() },
      try .edited(by: "cleo") {
        $0.title = "Tides"
        $0.summary = ""
      },
      try .edited(by: "dan") { $0.title = "Tides" },
    ]
    for event in events {
      world.clock.move(by: .seconds(60))
      try await world.append([event], to: "post-1")
    }
  }

  @Test func aStreamIsShownAsItWas() async throws {
    try await AuditWorld.run { world in
      let start = world.clock.now
      try await write(world)
      var request = Wordweave_Events_V1_HistoryRequest()
      request.stream = "post-1"
      let now = try await world.audit.history(request, metadata: AuditWorld.metadata)
      #expect(now.stateJson == #"{"postId":"1","summary":"","tags":[],"title":"Tides"}"#)
      #expect(now.events.map(\.position) == [5, 4, 3, 2, 1])
      #expect(now.eventCount == 5)
      // Written again as it was: the first writer of the value stands.
      #expect(now.fields.first { $0.field == "title" }?.writer.actor == "cleo")
      for moment: Wordweave_Events_V1_AuditMoment in [
        at(1), .with { $0.position = 2 },
        .with { $0.time = start.microseconds + 120_000_000 },
        .with { $0.time = start.microseconds + 179_000_000 },
      ] {
        request.at = moment
        let then = try await world.audit.history(request, metadata: AuditWorld.metadata)
        #expect(then.stateJson == #"{"postId":"1","tags":["sea"],"title":"Waves"}"#)
        #expect(then.lastPosition == 2)
        #expect(then.position == 5)
      }
      request.at = .with { $0.time = start.microseconds }
      let before = try await world.audit.history(request, metadata: AuditWorld.metadata)
      #expect(before.stateJson == "{}")
      #expect(before.eventCount == 0)
      request.at = .init()
      request.limit = 2
      let newest = try await world.audit.history(request, metadata: AuditWorld.metadata)
      #expect(newest.events.map(\.position) == [5, 4])
      #expect(newest.eventCount == 5)
    }
  }

  @Test func aDifferenceNamesBeforeAfterAndWho() async throws {
    try await AuditWorld.run { world in
      try await write(world)
      var request = Wordweave_Events_V1_CompareRequest()
      request.stream = "post-1"
      request.from = at(0)
      request.to = at(2)
      let answer = try await world.audit.compare(request, metadata: AuditWorld.metadata)
      #expect(answer.differences.map(\.field) == ["tags", "title"])
      #expect(answer.differences.map(\.beforeJson) == [#"["sea"]"#, #""Tides""#])
      #expect(answer.differences.map(\.afterJson) == ["[]", #""Waves""#])
      #expect(answer.differences.map(\.changedBy.actor) == ["bob", "bob"])
      #expect((answer.from, answer.to) == (1, 3))
      #expect(answer.eventCount == 2)
      // There and back is no difference.
      request.to = .init()
      let whole = try await world.audit.compare(request, metadata: AuditWorld.metadata)
      #expect(whole.differences.map(\.field) == ["summary", "tags"])
      #expect(whole.differences.first?.beforeJson == "")
      request.from = at(3)
      request.to = at(1)
      let message = request
      let refused = await refusal {
        _ = try await world.audit.compare(message, metadata: AuditWorld.metadata)
      }
      #expect(refused?.code == .invalidArgument)
    }
  }

  @Test func changesOfAFieldComeNewestFirstPageByPage() async throws {
    try await AuditWorld.run { world in
      try await write(world)
      var request = Wordweave_Events_V1_FieldChangesRequest()
      request.stream = "post-1"
      request.field = "title"
      let all = try await world.audit.fieldChanges(request, metadata: AuditWorld.metadata)
      #expect(all.changes.map(\.entry.actor) == ["cleo", "bob", "ada"])
      #expect(all.changes.map(\.beforeJson) == [#""Waves""#, #""Tides""#, ""])
      #expect(all.changes.map(\.afterJson) == [#""Tides""#, #""Waves""#, #""Tides""#])
      #expect(all.pageToken.isEmpty)
      request.limit = 1
      var paged: [Wordweave_Events_V1_FieldChange] = []
      repeat {
        let page = try await world.audit.fieldChanges(request, metadata: AuditWorld.metadata)
        paged += page.changes
        request.pageToken = page.pageToken
      } while !request.pageToken.isEmpty
      #expect(paged == all.changes)
      request.field = "post_id"
      request.pageToken = .init()
      let spelt = try await world.audit.fieldChanges(request, metadata: AuditWorld.metadata)
      #expect(spelt.changes.map(\.afterJson) == [#""1""#])
    }
  }

  @Test func changesOfLargeValuesAreSpreadOverPages() async throws {
    try await AuditWorld.run { world in
      for number in 0..<12 {
        let body = String(repeating: "\(number % 10)", count: 200 << 10)
        try await world.append([try .edited(by: "ada") { $0.body = body }], to: "post-1")
      }
      var request = Wordweave_Events_V1_FieldChangesRequest()
      request.stream = "post-1"
      request.field = "body"
      var positions: [UInt64] = []
      var pages = 0
      repeat {
        let page = try await world.audit.fieldChanges(request, metadata: AuditWorld.metadata)
        let bytes = page.changes.reduce(0) {
          $0 + $1.beforeJson.utf8.count + $1.afterJson.utf8.count
        }
        #expect(bytes <= AuditLimits.changesBytes)
        positions += page.changes.map(\.entry.position)
        pages += 1
        request.pageToken = page.pageToken
      } while !request.pageToken.isEmpty
      #expect(positions == (1...12).reversed())
      #expect(pages > 2)
    }
  }

  @Test func whatIsNotThereIsToldWithWhatIs() async throws {
    try await AuditWorld.run { world in
      try await write(world)
      var unknown = Wordweave_Events_V1_FieldChangesRequest()
      unknown.stream = "post-1"
      unknown.field = "titel"
      do {
        _ = try await world.audit.fieldChanges(unknown, metadata: AuditWorld.metadata)
        Issue.record("it was answered")
      } catch let error as RPCError {
        #expect(error.code == .notFound)
        #expect(error.message.contains("postId, summary, tags, title"))
      }
      let nobody = await refusal {
        var request = Wordweave_Events_V1_HistoryRequest()
        request.stream = "post-2"
        _ = try await world.audit.history(request, metadata: AuditWorld.metadata)
      }
      #expect(nobody?.code == .notFound)
      _ = try await world.log.append(.tombstoning("post-1"))
      let gone = await refusal {
        var request = Wordweave_Events_V1_HistoryRequest()
        request.stream = "post-1"
        _ = try await world.audit.history(request, metadata: AuditWorld.metadata)
      }
      #expect(gone?.code == .failedPrecondition)
    }
  }

  @Test func aFieldThatIsSetBackToItsDefaultIsChanged() async throws {
    try await AuditWorld.run { world in
      try await world.append([try .deleted(for: "spam", at: 7, by: "ada")], to: "post-1")
      try await world.append([.audited("PostRestored", by: "bob")], to: "post-1")
      try await world.append([try .deleted(for: "", at: 8, by: "cleo")], to: "post-1")
      var history = Wordweave_Events_V1_HistoryRequest()
      history.stream = "post-1"
      let now = try await world.audit.history(history, metadata: AuditWorld.metadata)
      #expect(now.stateJson == #"{"deletedAt":8,"reason":""}"#)
      #expect(now.fields.map(\.writer.actor) == ["cleo", "cleo"])
      var changes = Wordweave_Events_V1_FieldChangesRequest()
      changes.stream = "post-1"
      changes.field = "reason"
      let blame = try await world.audit.fieldChanges(changes, metadata: AuditWorld.metadata)
      #expect(blame.changes.map(\.entry.actor) == ["cleo", "ada"])
      #expect(blame.changes.map(\.beforeJson) == [#""spam""#, ""])
      var between = Wordweave_Events_V1_CompareRequest()
      between.stream = "post-1"
      between.from = at(1)
      let answer = try await world.audit.compare(between, metadata: AuditWorld.metadata)
      #expect(answer.differences.map(\.field) == ["deletedAt", "reason"])
    }
  }

  @Test func removedEventsAreCountedAndTheirTimeIsNotGuessed() async throws {
    try await AuditWorld.run { world in
      try await write(world)
      _ = try await world.log.append(.truncating("post-1", before: StreamRevision(2)))
      var history = Wordweave_Events_V1_HistoryRequest()
      history.stream = "post-1"
      let cut = try await world.audit.history(history, metadata: AuditWorld.metadata)
      #expect(cut.events.map(\.position) == [5, 4, 3])
      #expect((cut.eventCount, cut.opaqueEvents) == (5, 2))
      var between = Wordweave_Events_V1_CompareRequest()
      between.stream = "post-1"
      between.from = at(2)
      let kept = try await world.audit.compare(between, metadata: AuditWorld.metadata)
      #expect(kept.differences.map(\.field) == ["summary", "title"])
      #expect(kept.eventCount == 2)
      for (from, to): (UInt64, UInt64) in [(0, 1), (1, 4)] {
        let below = Wordweave_Events_V1_CompareRequest.with {
          $0.stream = "post-1"
          $0.from = at(from)
          $0.to = at(to)
        }
        let refused = await refusal {
          _ = try await world.audit.compare(below, metadata: AuditWorld.metadata)
        }
        #expect(refused?.code == .invalidArgument, "from \(from) to \(to)")
      }
      _ = try await world.log.append(.truncating("post-1", before: StreamRevision(5)))
      let nothing = try await world.audit.history(history, metadata: AuditWorld.metadata)
      #expect(nothing.stateJson == "{}")
      #expect((nothing.eventCount, nothing.opaqueEvents) == (5, 5))
      history.at = at(1)
      let message = history
      let refused = await refusal {
        _ = try await world.audit.history(message, metadata: AuditWorld.metadata)
      }
      #expect(refused?.code == .invalidArgument)
    }
  }

  @Test func whatWasBeforeIsNotKnownWhereEventsWereRemoved() async throws {
    try await AuditWorld.run { world in
      try await world.append([try .drafted("A", tags: ["sea"], by: "ada")], to: "post-1")
      for number in 1...6 {
        try await world.append([try .edited(by: "bob") { $0.summary = "\(number)" }], to: "post-1")
      }
      try await world.append([try .edited(by: "cleo") { $0.title = "B" }], to: "post-1")
      try await world.append([try .edited(by: "dan") { $0.summary = "8" }], to: "post-1")
      _ = try await world.log.append(.truncating("post-1", before: StreamRevision(5)))
      var between = Wordweave_Events_V1_CompareRequest()
      between.stream = "post-1"
      between.from = at(6)
      between.to = at(8)
      let difference = try await world.audit.compare(between, metadata: AuditWorld.metadata)
      #expect(difference.differences.map(\.field) == ["summary", "title"])
      #expect(difference.differences.map(\.beforeJson) == [#""6""#, ""])
      #expect((difference.eventCount, difference.opaqueEvents) == (2, 5))
      var changes = Wordweave_Events_V1_FieldChangesRequest()
      changes.stream = "post-1"
      changes.field = "title"
      let titles = try await world.audit.fieldChanges(changes, metadata: AuditWorld.metadata)
      #expect(titles.changes.map(\.beforeJson) == [""])
      #expect(titles.opaqueEvents == 5)
      // A field that was not changed since: it is there, and nobody knows any more who wrote it.
      changes.field = "tags"
      let tags = try await world.audit.fieldChanges(changes, metadata: AuditWorld.metadata)
      #expect(tags.changes.isEmpty)
      #expect(tags.opaqueEvents == 5)
      _ = try await world.log.append(.truncating("post-1", before: StreamRevision(9)))
      let nothing = try await world.audit.fieldChanges(changes, metadata: AuditWorld.metadata)
      #expect(nothing.changes.isEmpty)
      #expect(nothing.opaqueEvents == 9)
    }
  }

  @Test func membersOfJSONAreFields() async throws {
    try await AuditWorld.run { world in
      for text in [
        #"{"total":5, "display_name":"x", "in":{"a":1}, "a.b":0}"#, #"{"total": 7}"#, "[1]", "{",
      ] {
        let event = NewEvent(
          type: "OrderChanged",
          contentType: "application/json",
          data: Array(text.utf8)
        )
        try await world.append([event], to: "order-1")
      }
      var between = Wordweave_Events_V1_CompareRequest()
      between.stream = "order-1"
      between.from = at(0)
      between.to = at(1)
      let answer = try await world.audit.compare(between, metadata: AuditWorld.metadata)
      #expect(answer.differences.map(\.field) == ["total"])
      #expect(answer.differences.map(\.beforeJson) == ["5"])
      #expect(answer.differences.map(\.afterJson) == ["7"])
      #expect(answer.opaqueEvents == 0)
      var request = Wordweave_Events_V1_HistoryRequest()
      request.stream = "order-1"
      let now = try await world.audit.history(request, metadata: AuditWorld.metadata)
      #expect(now.stateJson == #"{"a.b":0,"display_name":"x","in":{"a":1},"total":7}"#)
      #expect(now.opaqueEvents == 2)
      var changes = Wordweave_Events_V1_FieldChangesRequest()
      changes.stream = "order-1"
      changes.field = "display_name"
      let names = try await world.audit.fieldChanges(changes, metadata: AuditWorld.metadata)
      #expect(names.changes.map(\.afterJson) == [#""x""#])
    }
  }

  @Test func noMoreEventsAreFoldedThanTheLimit() async throws {
    try await AuditWorld.run { world in
      var left = Int(AuditLimits.foldEvents)
      while left > 0 {
        let count = min(left, 8192)
        try await world.append(Array(repeating: NewEvent(type: "Opaque"), count: count), to: "s")
        left -= count
      }
      var request = Wordweave_Events_V1_HistoryRequest()
      request.stream = "s"
      let full = try await world.audit.history(request, metadata: AuditWorld.metadata)
      #expect(full.eventCount == AuditLimits.foldEvents)
      #expect(full.opaqueEvents == AuditLimits.foldEvents)
      try await world.append([NewEvent(type: "Opaque")], to: "s")
      let message = request
      let refused = await refusal {
        _ = try await world.audit.history(message, metadata: AuditWorld.metadata)
      }
      #expect(refused?.code == .invalidArgument)
      // Up to an earlier place it still answers.
      request.at = at(AuditLimits.foldEvents - 1)
      let then = try await world.audit.history(request, metadata: AuditWorld.metadata)
      #expect(then.eventCount == AuditLimits.foldEvents)
    }
  }

  @Test func aStateThatFitsNoAnswerIsRefused() async throws {
    try await AuditWorld.run { world in
      var request = Wordweave_Events_V1_HistoryRequest()
      request.stream = "post-1"
      let half = AuditLimits.stateBytes / 2
      let first = try NewEvent.edited(by: "ada") {
        $0.body = String(repeating: "b", count: half - 6)
      }
      // Name, quotes and text of both fields make the limit exactly.
      let rest =
        AuditLimits.stateBytes - (half - 6) - "body\"\"".utf8.count - "cover\"\"".utf8.count
      let fits = try NewEvent.edited(by: "ada") { $0.cover = String(repeating: "c", count: rest) }
      try await world.append([first], to: "post-1")
      try await world.append([fits], to: "post-1")
      let full = try await world.audit.history(request, metadata: AuditWorld.metadata)
      #expect(full.fields.count == 2)
      let over = try NewEvent.edited(by: "ada") {
        $0.cover = String(repeating: "c", count: rest + 1)
      }
      try await world.append([over], to: "post-1")
      let message = request
      let refused = await refusal {
        _ = try await world.audit.history(message, metadata: AuditWorld.metadata)
      }
      #expect(refused?.code == .invalidArgument)
    }
  }
}
