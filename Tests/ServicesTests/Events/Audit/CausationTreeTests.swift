import EventLogCore
import EventLogInMemory
import GRPCCore
import Schemas
import Testing

@testable import EventsService

@Suite struct CausationTreeTests {
  private typealias Answer = Wordweave_Events_V1_TraceResponse

  private func id(_ number: UInt64) -> EventID { EventID(high: 7 << 12, low: 1 << 63 | number) }

  private func trace(
    _ world: AuditWorld,
    _ position: UInt64,
    fromRoot: Bool = false
  ) async throws -> Answer {
    var request = Wordweave_Events_V1_TraceRequest()
    request.position = position
    request.fromRoot = fromRoot
    return try await world.audit.trace(request, metadata: AuditWorld.metadata)
  }

  /// An event with the number as id, brought about by others.
  private func event(_ number: UInt64, cause: UInt64?) -> NewEvent {
    .audited("T", id: id(number), cause: cause.map { id($0).description })
  }

  @Test func causesAreFollowedUpAndEffectsDown() async throws {
    try await AuditWorld.run { world in
      // 1 → 2 → 4 → 5, 1 → 3, 4 → 6
      for (number, cause): (UInt64, UInt64?) in [
        (1, nil), (2, 1), (3, 1), (4, 2), (5, 4), (6, 4),
      ] {
        try await world.append([event(number, cause: cause)], to: StreamName("s-\(number)"))
      }
      let answer = try await trace(world, 4)
      #expect(answer.event == 4)
      #expect(answer.nodes.map(\.entry.position) == [1, 2, 4, 5, 6])
      #expect(answer.nodes.map(\.cause) == [0, 1, 2, 4, 4])
      #expect(answer.nodes.map(\.depth) == [0, 1, 2, 3, 3])
      #expect(!answer.isCut)
      #expect(answer.origin.isEmpty)
      let whole = try await trace(world, 4, fromRoot: true)
      #expect(whole.nodes.map(\.entry.position) == [1, 2, 3, 4, 5, 6])
      #expect(whole.nodes.map(\.cause) == [0, 1, 1, 2, 4, 4])
      var byID = Wordweave_Events_V1_TraceRequest()
      byID.id = protobufBytes(id(4).bytes)
      #expect(try await world.audit.trace(byID, metadata: AuditWorld.metadata) == answer)
    }
  }

  @Test func eventsOfOneCommandShareItsTree() async throws {
    try await AuditWorld.run { world in
      let command = EventID.make().description
      // Ids are compared as such, however they are spelt.
      try await world.append(
        [
          .audited("A", id: id(1), cause: command),
          .audited("B", id: id(2), cause: command.uppercased()),
        ],
        to: "s"
      )
      try await world.append([event(3, cause: 2)], to: "t")
      let alone = try await trace(world, 1)
      #expect(alone.origin == command)
      #expect(alone.nodes.map(\.entry.position) == [1])
      let whole = try await trace(world, 3, fromRoot: true)
      #expect(whole.origin == command)
      #expect(whole.nodes.map(\.entry.position) == [1, 2, 3])
      #expect(whole.nodes.map(\.cause) == [0, 0, 2])
    }
  }

  @Test func circlesEnd() async throws {
    try await AuditWorld.run { world in
      try await world.append([event(1, cause: 1), event(2, cause: 3), event(3, cause: 2)], to: "s")
      #expect(try await trace(world, 1).nodes.map(\.entry.position) == [1])
      let answer = try await trace(world, 2)
      #expect(Set(answer.nodes.map(\.entry.position)) == [2, 3])
    }
  }

  @Test func aTreeIsCutAtItsNodesAndSaysSo() async throws {
    try await AuditWorld.run { world in
      let room = UInt64(AuditLimits.traceNodes)
      try await world.append([event(1, cause: nil)], to: "s")
      try await world.append((2...room).map { event($0, cause: 1) }, to: "s")
      let full = try await trace(world, 1)
      #expect(full.nodes.count == AuditLimits.traceNodes)
      #expect(!full.isCut)
      try await world.append([event(room + 1, cause: 1)], to: "s")
      let cut = try await trace(world, 1)
      #expect(cut.nodes.count == AuditLimits.traceNodes)
      #expect(cut.isCut)
    }
  }

  @Test func aWideLevelLoadsNoMoreThanTheTreeHolds() async throws {
    try await AuditWorld.run { world in
      try await world.append([event(1, cause: nil)], to: "s")
      // Forty effects with a hundred each: four times what fits.
      try await world.append((2...41).map { event($0, cause: 1) }, to: "s")
      for parent: UInt64 in 2...41 {
        let numbers = (parent * 1000)..<(parent * 1000 + 100)
        try await world.append(numbers.map { event($0, cause: parent) }, to: "s")
      }
      try await world.indexed()
      let watched = WatchedEngine(world.log)
      let tree = try await CausationTree(
        from: try #require(try await world.log.event(at: GlobalPosition(1))),
        isWhole: false,
        engine: watched,
        index: world.index
      )
      #expect(tree.nodes.count == AuditLimits.traceNodes)
      #expect(tree.isCut)
      #expect(watched.eventsFound <= AuditLimits.traceNodes, "\(watched.eventsFound) events")
    }
  }

  /// A thousand events of a megabyte each may belong to one tree.
  @Test func aTreeKeepsNoPayloads() async throws {
    try await AuditWorld.run { world in
      try await world.append([event(1, cause: nil)], to: "s")
      try await world.append([event(2, cause: 1), event(3, cause: 2)], to: "s")
      try await world.indexed()
      for isWhole in [false, true] {
        let asked = try #require(try await world.log.event(at: GlobalPosition(2)))
        let tree = try await CausationTree(
          from: asked,
          isWhole: isWhole,
          engine: world.log,
          index: world.index
        )
        #expect(tree.nodes.map(\.event.position.number) == [1, 2, 3])
        #expect(!holdsEvent(tree))
      }
    }
  }

  /// Whether a value has an event as the log stores it anywhere inside.
  private func holdsEvent(_ value: Any) -> Bool {
    value is RecordedEvent || Mirror(reflecting: value).children.contains { holdsEvent($0.value) }
  }

  @Test func aTreeSaysWhenRemovedEffectsTookTheRoomOfOthers() async throws {
    try await AuditWorld.run { world in
      let room = UInt64(AuditLimits.traceNodes)
      try await world.append([event(1, cause: nil)], to: "s")
      try await world.append((2...room + 2).map { event($0, cause: 1) }, to: "t")
      // What is removed names no cause any more, but the index knows it.
      try await world.indexed()
      _ = try await world.log.append(.truncating("t", before: StreamRevision(room)))
      let answer = try await trace(world, 1)
      #expect(answer.nodes.map(\.entry.position) == [1])
      #expect(answer.isCut)
    }
  }

  @Test func aTreeIsCutAtItsDepthAndSaysSo() async throws {
    try await AuditWorld.run { world in
      let depth = UInt64(AuditLimits.traceDepth)
      let chain = (1...depth).map { event($0, cause: $0 == 1 ? nil : $0 - 1) }
      try await world.append(chain, to: "s")
      #expect(try await !trace(world, 1).isCut)
      #expect(try await !trace(world, depth).isCut)
      try await world.append([event(depth + 1, cause: depth)], to: "s")
      #expect(try await trace(world, 1).isCut)
      #expect(try await trace(world, depth + 1).isCut)
    }
  }

  @Test func anUnknownEventIsNotFound() async throws {
    try await AuditWorld.run { world in
      for event: Wordweave_Events_V1_TraceRequest.OneOf_Event? in [
        .position(0), .position(7), .id(protobufBytes(id(9).bytes)), nil,
      ] {
        var request = Wordweave_Events_V1_TraceRequest()
        request.event = event
        let message = request
        let refused = await refusal {
          _ = try await world.audit.trace(message, metadata: AuditWorld.metadata)
        }
        #expect(refused?.code == (event == nil ? .invalidArgument : .notFound))
      }
    }
  }
}
