import EventLogConformance
import EventLogCore
import EventLogInMemory
import GRPCCore
import Schemas
import SwiftProtobuf
import Testing

@testable import EventsService

@Suite struct AuditSearchTests {
  private typealias Criteria = Wordweave_Events_V1_AuditCriteria

  /// A log in which every fact is now and then missing, rare or frequent.
  private func fill(_ world: AuditWorld, _ random: inout SeededRandom) async throws {
    for _ in 0..<60 {
      world.clock.move(by: .seconds(Int64(random.next() % 3)))
      let parts = (0..<20).map { _ -> StreamAppend in
        let kind = ["post", "user", "nohyphen"][Int(random.next() % 3)]
        let stream: StreamName? =
          random.next() % 5 == 0
          ? nil : kind == "nohyphen" ? "nohyphen" : StreamName("\(kind)-\(random.next() % 9)")
        func pick(_ name: String, _ count: UInt64) -> String? {
          let number = random.next() % (count * 2)
          // The higher the rarer.
          return number >= count ? nil : "\(name)\(min(number, random.next() % count))"
        }
        return StreamAppend(
          to: stream,
          [
            .audited(
              "Type\(random.next() % 4)",
              by: pick("actor", 5),
              correlation: pick("request", 40),
              cause: pick("cause", 20),
              tags: random.next() % 2 == 0 ? ["even"] : ["odd", "tag"]
            )
          ]
        )
      }
      for part in parts { _ = try await world.log.append(AppendRequest([part])) }
    }
  }

  private func criteria(_ random: inout SeededRandom, around start: Timestamp) -> Criteria {
    var asked = Criteria()
    func sometimes(_ body: () -> Void) { if random.next() % 3 == 0 { body() } }
    let (a, b, c, d, e) = (
      random.next() % 5, random.next() % 40, random.next() % 20, random.next() % 9,
      random.next() % 60
    )
    sometimes { asked.actor = "actor\(a)" }
    sometimes { asked.correlationID = "request\(b)" }
    sometimes { asked.causationID = "cause\(c)" }
    sometimes { asked.entity = ["post", "user", "nohyphen", "none"][Int(d % 4)] }
    sometimes { asked.stream = "post-\(d)" }
    sometimes { asked.types = a % 2 == 0 ? ["Type0"] : ["Type1", "Type2", "None"] }
    sometimes { asked.tags = a % 2 == 0 ? ["even"] : ["tag", "odd"] }
    sometimes { asked.since = start.microseconds + Int64(e / 2) * 1_000_000 }
    sometimes { asked.until = start.microseconds + Int64(30 + e) * 1_000_000 }
    return asked
  }

  @Test func pagesOfAnySizeEqualTheWholeLogFiltered() async throws {
    let seeded = SeededRandom.announced("pagesOfAnySizeEqualTheWholeLogFiltered")
    try await AuditWorld.run { world in
      var random = seeded
      let start = world.clock.now
      try await fill(world, &random)
      let everything = try await world.log.readAll(after: nil).events
      #expect(everything.count == 1200)
      for _ in 0..<80 {
        let asked = criteria(&random, around: start)
        let meant = try AuditCriteria(asked)
        let expected = everything.filter { event in
          meant.matches(event) && event.recordedAt >= meant.since ?? event.recordedAt
            && meant.until.map { event.recordedAt < $0 } ?? true
        }.map(\.position.number)
        let limit = UInt32([1, 3, 7, 100, 1000][Int(random.next() % 5)])
        let forward = try await world.all(asked, limit: limit, oldestFirst: true)
        #expect(forward == expected, "\(asked) by \(limit)")
        let backward = try await world.all(asked, limit: limit, oldestFirst: false)
        #expect(backward == expected.reversed(), "\(asked) by \(limit), newest first")
      }
    }
  }

  @Test func twoFrequentFactsThatNeverMeetCostABoundedPage() async throws {
    try await AuditWorld.run { world in
      // Alternating, so that neither list can leap.
      for _ in 0..<12 {
        let pair: [NewEvent] = [.audited("A", by: "ada"), .audited("B", by: "bob")]
        try await world.append(Array(repeating: pair, count: 2000).flatMap(\.self), to: "s")
      }
      try await world.indexed()
      var asked = Criteria()
      asked.actor = "ada"
      asked.types = ["B"]
      let criteria = try AuditCriteria(asked)
      let scope = try await world.search.scope(of: criteria, direction: .backward)
      let page = try await world.search.page(criteria, scope.range, limit: 100, bound: 1000)
      #expect(page.events.isEmpty)
      #expect(!page.isEnd)
      #expect(page.scannedTo < scope.head)
      // The pages still come to the end.
      #expect(try await world.all(asked, limit: 100, oldestFirst: false) == [])
    }
  }

  @Test func aRareFactIsFoundAtOnceBesideAFrequentOne() async throws {
    try await AuditWorld.run { world in
      try await world.append([.audited("Rare", by: "ada")], to: "s")
      for _ in 0..<10 {
        let event = NewEvent.audited("Common", by: "ada", correlation: "bulk")
        try await world.append(Array(repeating: event, count: 4000), to: "s")
      }
      try await world.append([.audited("Common", by: "bob", correlation: "rare")], to: "s")
      try await world.indexed()
      for (actor, type, correlation) in [("ada", "Rare", ""), ("bob", "Common", "rare")] {
        var asked = Criteria()
        asked.actor = actor
        asked.types = [type]
        asked.correlationID = correlation
        asked.entity = "s"
        var request = Wordweave_Events_V1_AuditSearchRequest()
        request.criteria = asked
        let page = try await world.audit.search(request, metadata: AuditWorld.metadata)
        #expect(page.events.count == 1, "\(actor)")
        #expect(page.pageToken.isEmpty, "\(actor)")
      }
    }
  }

  @Test func whatWasJustWrittenIsFound() async throws {
    try await AuditWorld.run { world in
      for number in 0..<20 {
        let receipt = try await world.append([.audited("T", by: "actor\(number)")], to: "s")
        var request = Wordweave_Events_V1_AuditSearchRequest()
        request.criteria.actor = "actor\(number)"
        let page = try await world.audit.search(request, metadata: AuditWorld.metadata)
        #expect(page.events.map(\.position) == [receipt.lastPosition.number])
        #expect(page.position == receipt.lastPosition.number)
      }
    }
  }

  @Test func removedEventsAreToldAsHeadersAndGiveNoActorAway() async throws {
    try await AuditWorld.run { world in
      try await world.append([.audited("T", by: "ada"), .audited("T", by: "ada")], to: "s")
      _ = try await world.log.append(.truncating("s", before: StreamRevision(1)))
      var request = Wordweave_Events_V1_AuditSearchRequest()
      request.criteria.types = ["T"]
      let byType = try await world.audit.search(request, metadata: AuditWorld.metadata)
      #expect(byType.events.map(\.removed) == [false, true])
      request.criteria.stream = "s"
      let ofStream = try await world.audit.search(request, metadata: AuditWorld.metadata)
      #expect(ofStream.events.map(\.position) == [2, 1])
      #expect(ofStream.events.map(\.removed) == [false, true])
      for stream in ["", "s"] {
        request.criteria.stream = stream
        request.criteria.actor = "ada"
        let byActor = try await world.audit.search(request, metadata: AuditWorld.metadata)
        #expect(byActor.events.map(\.position) == [2], "'\(stream)'")
      }
    }
  }

  /// A stream among others that loses its first events, then all, then itself.
  @Test func whatAStreamLostIsFoundInEveryOrderAndPage() async throws {
    try await AuditWorld.run { world in
      for number in 0..<10 {
        try await world.append([.audited("T\(number % 2)", by: "ada")], to: "s")
        try await world.append([.audited("T0", by: "bob")], to: "other")
      }
      for removal: AppendRequest in [
        .truncating("s", before: StreamRevision(4)), .truncating("s", before: StreamRevision(10)),
        .tombstoning("s"),
      ] {
        _ = try await world.log.append(removal)
        for (types, entity): ([String], String) in [([], ""), (["T1"], ""), (["T1"], "s")] {
          var asked = Criteria()
          asked.stream = "s"
          asked.types = types
          asked.entity = entity
          let numbers = (0..<10).filter { types.isEmpty || $0 % 2 == 1 }
          let expected = numbers.map { UInt64($0 * 2 + 1) }
          for limit: UInt32 in [1, 3, 100] {
            let forward = try await world.all(asked, limit: limit, oldestFirst: true)
            #expect(forward == expected, "\(types) by \(limit)")
            let backward = try await world.all(asked, limit: limit, oldestFirst: false)
            #expect(backward == expected.reversed(), "\(types) by \(limit), newest first")
          }
        }
      }
      var byActor = Criteria()
      byActor.stream = "s"
      byActor.actor = "ada"
      #expect(try await world.all(byActor, limit: 100, oldestFirst: true) == [])
    }
  }

  /// The index knows the kind of what was removed until it is filled anew.
  @Test func aKindOfEntityFindsTheSameBeforeAndAfterARebuild() async throws {
    try await AuditWorld.run { world in
      for stream: StreamName in ["post-1", "post-1", "user-1"] {
        try await world.append([.audited("T", by: "ada", tags: ["x"])], to: stream)
      }
      try await world.indexed()
      _ = try await world.log.append(.truncating("post-1", before: StreamRevision(1)))
      for isRebuilt in [false, true] {
        if isRebuilt {
          let rebuild = Wordweave_Events_V1_RebuildRequest.with { $0.name = "events/audit" }
          try await world.administration.rebuild(rebuild, metadata: AuditWorld.metadata) {
            for try await _ in $0.messages {}
          }
        }
        for (types, tags, actor, expected): ([String], [String], String, [UInt64]) in [
          (["T"], [], "", [1, 2]), ([], ["x"], "", [1, 2]), (["T"], ["x"], "ada", [2]),
          ([], [], "ada", [2]), ([], [], "", [2]),
        ] {
          var asked = Criteria()
          asked.entity = "post"
          asked.types = types
          asked.tags = tags
          asked.actor = actor
          let what: Comment = "\(types) \(tags) by '\(actor)', rebuilt: \(isRebuilt)"
          let forward = try await world.all(asked, limit: 1, oldestFirst: true)
          #expect(forward == expected, what)
          let backward = try await world.all(asked, limit: 100, oldestFirst: false)
          #expect(backward == expected.reversed(), what)
        }
      }
    }
  }

  private typealias Question = Wordweave_Events_V1_AuditSearchRequest

  private static func question(_ change: (inout Question) -> Void) -> Question {
    var question = Question()
    change(&question)
    return question
  }

  /// Questions at each limit and past it.
  private static var questions: [(question: Question, code: RPCError.Code?)] {
    let names = (0...AuditLimits.names).map { "n\($0)" }
    let most = Array(names.prefix(AuditLimits.names))
    let long = String(repeating: "x", count: AuditLimits.textBytes)
    return [
      (question { $0.criteria.types = most }, nil),
      (question { $0.criteria.types = names }, .invalidArgument),
      (question { $0.criteria.tags = most }, nil),
      (question { $0.criteria.tags = names }, .invalidArgument),
      (question { $0.criteria.types = [""] }, .invalidArgument),
      (question { $0.criteria.actor = long }, nil),
      (question { $0.criteria.actor = long + "x" }, .invalidArgument),
      (question { $0.limit = UInt32(AuditLimits.pageMaximum) }, nil),
      (question { $0.limit = UInt32(AuditLimits.pageMaximum) + 1 }, .invalidArgument),
      (question { $0.pageToken = protobufBytes([1, 2, 3]) }, .invalidArgument),
      (
        question {
          $0.criteria.since = 5
          $0.criteria.until = 5
        }, .invalidArgument
      ),
    ]
  }

  private func code(_ world: AuditWorld, _ question: Question) async -> RPCError.Code? {
    let refused = await refusal {
      _ = try await world.audit.search(question, metadata: AuditWorld.metadata)
    }
    return refused?.code
  }

  @Test func badQuestionsAreRefused() async throws {
    try await AuditWorld.run { world in
      for (question, expected) in Self.questions {
        let found = await code(world, question)
        #expect(found == expected, "\(question)")
      }
    }
  }

  @Test func aTokenIsGoodForItsOwnQuestionAlone() async throws {
    try await AuditWorld.run { world in
      try await world.append(Array(repeating: .audited("T", by: "ada"), count: 5), to: "s")
      var question = Question()
      question.limit = 1
      question.criteria.actor = "ada"
      let page = try await world.audit.search(question, metadata: AuditWorld.metadata)
      #expect(!page.pageToken.isEmpty)
      question.pageToken = page.pageToken
      let same = await code(world, question)
      #expect(same == nil)
      question.oldestFirst = true
      let otherOrder = await code(world, question)
      #expect(otherOrder == .invalidArgument)
      question.oldestFirst = false
      question.criteria.actor = "bob"
      let otherActor = await code(world, question)
      #expect(otherActor == .invalidArgument)
    }
  }

  @Test func aTokenMayNameAnyPlace() async throws {
    try await AuditWorld.run { world in
      try await world.append([.audited("T", by: "ada"), .audited("T", by: "ada")], to: "s")
      for (actor, oldestFirst, place, found): (String, Bool, UInt64, [UInt64]) in [
        ("", true, .max, []), ("ada", true, .max, []), ("ada", true, 0, [1, 2]),
        ("", false, .max, [2, 1]), ("ada", false, .max, [2, 1]), ("ada", false, 0, []),
      ] {
        var question = Question()
        question.criteria.actor = actor
        question.oldestFirst = oldestFirst
        let token = PageToken(
          identity: world.log.identity,
          direction: oldestFirst ? .forward : .backward,
          digest: try AuditCriteria(question.criteria).digest
        )
        question.pageToken = token.bytes(place)
        let page = try await world.audit.search(question, metadata: AuditWorld.metadata)
        #expect(page.events.map(\.position) == found, "'\(actor)' from \(place)")
        #expect(page.pageToken.isEmpty, "'\(actor)' from \(place)")
      }
    }
  }

  @Test func aRangeHasItsEdgesWhereverItLies() {
    for place in [GlobalPosition.start, .max] {
      for direction in [Direction.forward, .backward] {
        let range = AuditRange(after: place, through: place, direction: direction)
        #expect(range.isEmpty)
        #expect(range.first >= place && range.start >= place && range.last >= place)
      }
    }
  }

  @Test func operatorsAloneAreAnswered() async throws {
    try await AuditWorld.run { world in
      for metadata: GRPCCore.Metadata in [[:], ["ww-actor": "user_1", "ww-roles": "moderator"]] {
        await #expect(throws: RPCError.self) {
          _ = try await world.audit.search(.init(), metadata: metadata)
        }
        await #expect(throws: RPCError.self) {
          _ = try await world.audit.trace(.init(), metadata: metadata)
        }
        await #expect(throws: RPCError.self) {
          try await world.audit.export(.init(), metadata: metadata) { response in
            for try await _ in response.messages {}
          }
        }
      }
    }
  }
}
