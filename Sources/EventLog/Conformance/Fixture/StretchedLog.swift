internal import EventLogCore

/// A log along which types differ in how frequent they are, and queries that meet all of that.
enum StretchedLog {
  private static let types: [EventType] = ["Often", "Other", "Burst", "Rare", "Never"]
  private static let tags: [Tag] = ["all", "half", "seldom", "never"]

  /// Appends some 1,500 events to four streams, of which two lose events.
  static func fill(
    _ engine: any EventLogEngine,
    using random: inout SeededRandom
  ) async throws {
    var types = sequence(using: &random)[...]
    while !types.isEmpty {
      // Requests of one event and of many: an index may keep a row for each commit.
      let chunk = types.prefix(random.flip(3) ? 1 : random.below(60) + 1)
      types = types.dropFirst(chunk.count)
      var events: [NewEvent] = []
      for type in chunk {
        var tags: [Tag] = ["all"]
        if random.flip() { tags.append("half") }
        if random.flip(50) { tags.append("seldom") }
        events.append(.sample(type, tags: tags))
      }
      let stream = StreamName("s\(random.below(4))")
      _ = try await engine.append(AppendRequest(to: stream, events))
    }
    _ = try await engine.append(.truncating("s0", before: StreamRevision(20)))
    _ = try await engine.append(.tombstoning("s1"))
  }

  /// The types, in the order of the log: all of one, many, few, and bursts of another.
  private static func sequence(using random: inout SeededRandom) -> [EventType] {
    var types: [EventType] = []
    for _ in 0..<300 { types.append("Often") }
    for _ in 0..<400 { types.append(random.flip(3) ? "Often" : "Other") }
    for _ in 0..<300 { types.append(random.flip(30) ? "Often" : "Other") }
    for _ in 0..<4 {
      for _ in 0..<(random.below(100) + 30) { types.append("Burst") }
      for _ in 0..<60 { types.append("Other") }
    }
    for _ in 0..<6 { types[random.below(types.count)] = "Rare" }
    return types
  }

  /// The query of a round: those that matter first, then random ones.
  static func query(_ round: Int, using random: inout SeededRandom) -> EventQuery {
    if round < queries.count { return queries[round] }
    return EventQuery(
      (0..<(random.below(3) + 1)).map { _ in
        EventQuery.Item(
          types: (0..<random.below(4)).map { _ in types[random.below(types.count)] },
          tags: (0..<random.below(3)).map { _ in tags[random.below(tags.count)] }
        )
      }
    )
  }

  private static let queries: [EventQuery] = [
    .types("Rare"),
    .types("Often"),
    .types("Burst", "Rare"),
    // A rare type of a frequent tag, and the other way round.
    EventQuery([EventQuery.Item(types: ["Rare"], tags: ["all"])]),
    EventQuery([EventQuery.Item(types: ["Often", "Other"], tags: ["seldom"])]),
    .types("Never"),
    .types("Never", "Rare"),
    .types("Often", "Other", "Burst"),
    EventQuery([EventQuery.Item(types: ["Burst", "Rare"], tags: ["all", "half"])]),
    EventQuery([EventQuery.Item(types: ["Never"], tags: ["all"])]),
    EventQuery([
      EventQuery.Item(types: ["Rare"], tags: ["half"]), EventQuery.Item(types: ["Burst"]),
    ]),
    EventQuery([EventQuery.Item(types: ["Rare"]), EventQuery.Item(tags: ["seldom"])]),
  ]
}
