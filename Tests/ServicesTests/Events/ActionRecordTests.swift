import EventLogConformance
import EventLogCore
import EventLogInMemory
import GRPCCore
import ProjectionsCore
import Schemas
import SwiftProtobuf
import Testing

@testable import EventsService

@Suite struct ActionRecordTests {
  private typealias Named = Wordweave_Events_V1_ProjectionRequest

  private func named(_ name: String) -> Named { .with { $0.name = name } }

  @Test func everyActionIsAnEventWithWhoAndWhy() async throws {
    try await AuditWorld.run { world in
      try await world.append([.audited("T", by: "ada")], to: "s-1")
      let metadata = AuditWorld.metadata
      let rebuild = Wordweave_Events_V1_RebuildRequest.with { $0.name = "events/audit" }
      try await world.administration.rebuild(rebuild, metadata: metadata) { response in
        for try await _ in response.messages {}
      }
      _ = try await world.administration.rollBack(named("events/audit"), metadata: metadata)
      try await world.administration.compare(named("events/audit"), metadata: metadata) {
        for try await _ in $0.messages {}
      }
      let kept = Wordweave_Events_V1_RebuildRequest.with {
        $0.name = "events/audit"
        $0.withoutCutOver = true
      }
      try await world.administration.rebuild(kept, metadata: metadata) { response in
        for try await _ in response.messages {}
      }
      _ = try await world.administration.cutOver(named("events/audit"), metadata: metadata)
      let replay = Wordweave_Events_V1_ReplayRequest.with { $0.name = "events/audit" }
      try await world.administration.replay(replay, metadata: metadata) {
        for try await _ in $0.messages {}
      }
      try await world.administration.verify(.init(), metadata: metadata) {
        for try await _ in $0.messages {}
      }
      try await world.transfer.export(.init(), metadata: metadata) {
        for try await _ in $0.messages {}
      }
      let actions = try await world.actions()
      #expect(
        actions.map(\.action.action) == [
          "projection-rebuild-started", "projection-rebuild-ended", "projection-cut-over",
          "projection-rolled-back", "projection-compared", "projection-rebuild-started",
          "projection-rebuild-ended", "projection-cut-over", "projection-replayed",
          "log-verified", "log-exported",
        ]
      )
      let expected = [
        "started", "ready", "done", "done", "equal", "started", "ready", "done", "done", "sound",
        "done",
      ]
      #expect(actions.map(\.action.outcome) == expected)
      for (event, action) in actions {
        #expect(event.type.text == "$" + action.action)
        #expect(event.metadata[EventLogCore.Metadata.Keys.actor] == "operator")
        #expect(event.metadata[EventLogCore.Metadata.Keys.correlationID] == "request-1")
        #expect(["events/audit", "log"].contains(action.target))
      }
      var request = Wordweave_Events_V1_AuditSearchRequest()
      request.criteria.actor = "operator"
      request.criteria.types = ["$projection-cut-over"]
      let found = try await world.audit.search(request, metadata: metadata)
      #expect(found.events.map(\.stream) == ["$admin", "$admin"])
      #expect(found.events.first?.dataJson.contains(#""target":"events/audit""#) == true)
    }
  }

  @Test func readsAndRefusalsLeaveNothing() async throws {
    try await AuditWorld.run { world in
      try await world.append([.audited("T", by: "ada")], to: "s-1")
      let metadata = AuditWorld.metadata
      _ = try await world.administration.listProjections(.init(), metadata: metadata)
      _ = try await world.administration.listParked(.init(), metadata: metadata)
      let refused: [() async throws -> Void] = [
        { _ = try await world.administration.cutOver(named("events/audit"), metadata: metadata) },
        { _ = try await world.administration.rollBack(named("events/audit"), metadata: metadata) },
        { _ = try await world.administration.cancelRebuild(named("none"), metadata: metadata) },
        {
          _ = try await world.administration.cancelRebuild(
            named("events/audit"),
            metadata: metadata
          )
        },
        {
          _ = try await world.administration.redrive(
            .with {
              $0.name = "events/audit"
              $0.stream = "s-1"
            },
            metadata: metadata
          )
        },
        {
          try await world.audit.export(
            .with { $0.criteria.types = [""] },
            metadata: metadata
          ) { for try await _ in $0.messages {} }
        },
      ]
      for call in refused { #expect(await refusal(call) != nil) }
      #expect(try await world.log.head() == GlobalPosition(1))
    }
  }

  @Test func changesOfStreamsSayWhoMadeThem() async throws {
    try await AuditWorld.run { world in
      try await world.append([.audited("T"), .audited("T")], to: "s-1")
      let metadata = AuditWorld.metadata
      _ = try await world.streams.setMetadata(.with { $0.stream = "s-1" }, metadata: metadata)
      _ = try await world.streams.truncate(
        .with {
          $0.stream = "s-1"
          $0.before = 1
        },
        metadata: metadata
      )
      _ = try await world.streams.tombstone(.with { $0.stream = "s-1" }, metadata: metadata)
      let control = try await world.log.read(
        "$$s-1",
        from: .first,
        direction: .forward,
        limit: 10
      ).events
      #expect(control.map(\.type.text) == ["$metadata", "$truncated", "$tombstoned"])
      for event in control {
        #expect(event.metadata[EventLogCore.Metadata.Keys.actor] == "operator")
        #expect(event.metadata[EventLogCore.Metadata.Keys.correlationID] == "request-1")
      }
      // They are no second event: what happens to a stream lies in its control stream.
      #expect(try await world.actions().isEmpty)
    }
  }

  private struct Tokens: CallAuthority {
    func rights(of token: String) -> CallRights? {
      ["a": .admin, "r": .read, "w": .append][token]
    }
    func name(of token: String) -> String { "token:\(token)" }
  }

  @Test func onTheNetworkTheTokenSaysWhoCalls() async throws {
    try await ServedEvents.with(authority: Tokens()) { served in
      _ = try await served.engine.append(AppendRequest(to: "s-1", [NewEvent(type: "T")]))
      let streams = StreamsAPI.Client(wrapping: served.client)
      let metadata: GRPCCore.Metadata = [
        "authorization": "Bearer a", "ww-actor": "somebody else", "ww-correlation-id": "request-7",
      ]
      _ = try await streams.setMetadata(.with { $0.stream = "s-1" }, metadata: metadata)
      let transfer = Wordweave_Events_V1_Transfer.Client(wrapping: served.client)
      try await transfer.export(.init(), metadata: metadata) { for try await _ in $0.messages {} }
      for stream: StreamName in ["$$s-1", "$admin"] {
        let event = try #require(
          try await served.engine.read(stream, from: .max, direction: .backward, limit: 1)
            .events.first
        )
        #expect(event.metadata[EventLogCore.Metadata.Keys.actor] == "token:a")
        #expect(event.metadata[EventLogCore.Metadata.Keys.correlationID] == "request-7")
      }
    }
  }

  /// A log that several processes share and this one leads.
  private final class LedLog: EngineWrapper, LedEventLog {
    let base: any EventLogEngine = InMemoryEventLog()
    var leadership: Leadership { .leads }
    func leaderships() -> AsyncStream<Leadership> { AsyncStream { $0.finish() } }
    func admits(_ secret: String) -> Bool { secret == "secret" }
    func learn(of head: GlobalPosition) {}
  }

  @Test func ofASharedLogTheTokenSaysWhoCallsAndTheSecretNobody() async throws {
    let log = LedLog()
    let authority = TermAuthority(Tokens(), log: log)
    #expect(authority.name(of: "a") == "token:a")
    #expect(authority.name(of: "secret") == "token")
    #expect(TermAuthority(nil, log: log).name(of: "a") == "token")
    try await ServedEvents.with(authority: authority, engine: log) { served in
      _ = try await log.append(AppendRequest(to: "s-1", [NewEvent(type: "T")]))
      let transfer = Wordweave_Events_V1_Transfer.Client(wrapping: served.client)
      let metadata: GRPCCore.Metadata = ["authorization": "Bearer a"]
      try await transfer.export(.init(), metadata: metadata) { for try await _ in $0.messages {} }
      let page = try await log.read("$admin", from: .first, direction: .forward, limit: 10)
      #expect(page.events.map { $0.metadata[EventLogCore.Metadata.Keys.actor] } == ["token:a"])
    }
  }

  @Test func onTheNetworkTheAuditTakesTheHighestRight() async throws {
    let log = InMemoryEventLog()
    let runtime = ProjectionRuntime(
      store: try ReadModelStore(InMemoryReadModelEngine()),
      log: log
    )
    let service = EventsModule.auditService(
      EventStore(log),
      index: try EventsModule.auditIndex(in: runtime)
    )
    try await ServedEvents.with(
      authority: Tokens(),
      engine: log,
      services: { EventsModule.logServices($0, log: NoAdministration()) + [service] }
    ) { served in
      let audit = AuditAPI.Client(wrapping: served.client)
      for (token, code): (String, RPCError.Code?) in [
        ("x", .unauthenticated), ("r", .permissionDenied), ("w", .permissionDenied), ("a", nil),
      ] {
        let bearer: GRPCCore.Metadata = ["authorization": .string("Bearer \(token)")]
        let searching = await served.refusal { _ in
          _ = try await audit.search(.init(), metadata: bearer)
        }
        #expect(searching == code, "\(token)")
        let exporting = await served.refusal { _ in
          try await audit.export(.init(), metadata: bearer) { for try await _ in $0.messages {} }
        }
        #expect(exporting == code, "\(token)")
      }
    }
  }

  @Test func tokensAreRecordedOnceEach() async throws {
    let log = InMemoryEventLog()
    let record = TokenRecord(log, keeper: "here")
    func token(_ id: String) -> TokenRecord.Token {
      .init(id: id, name: "n", rights: "read", made: "2026-01-01T00:00:00.000000Z")
    }
    try await record.update([])
    try await record.update([token("1"), token("2")])
    try await record.update([token("1"), token("2")])
    try await record.update([token("2"), token("3")])
    try await record.update([])
    let events = try await log.read("$admin", from: .first, direction: .forward, limit: 20).events
    let told = try events.map {
      "\($0.type.text) \(try AuditWorld.Action(serializedBytes: $0.data).target)"
    }
    #expect(
      told == [
        "$token-created 1", "$token-created 2", "$token-created 3", "$token-revoked 1",
        "$token-revoked 2", "$token-revoked 3",
      ]
    )
    #expect(events.allSatisfy { $0.metadata[EventLogCore.Metadata.Keys.actor] == "operator" })
  }

  @Test func keepersDoNotRevokeEachOthersTokens() async throws {
    let log = InMemoryEventLog()
    let here = TokenRecord(log, keeper: "here")
    let there = TokenRecord(log, keeper: "there")
    func token(_ id: String) -> TokenRecord.Token {
      .init(id: id, name: "n", rights: "read", made: "2026-01-01T00:00:00.000000Z")
    }
    try await here.update([token("1")])
    try await there.update([token("2")])
    try await here.update([token("1")])
    try await there.update([])
    let events = try await log.read("$admin", from: .first, direction: .forward, limit: 20).events
    let told = try events.map {
      "\($0.type.text) \(try AuditWorld.Action(serializedBytes: $0.data).target)"
    }
    #expect(told == ["$token-created 1", "$token-created 2", "$token-revoked 2"])
  }
}
