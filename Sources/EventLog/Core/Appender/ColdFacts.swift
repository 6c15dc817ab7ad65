/// What one request needs to know that memory does not tell.
package struct ColdQuestions: Sendable {
  package var streams: [NameKey] = []
  package var ids: [EventID] = []
  /// A condition to look for in (`condition.after`, published head], by a `ConditionSearch`.
  package var condition: PreparedCondition?
  package var sources: [NameKey] = []
  /// Given ids that are not asked for, since the tail knows them: it must still, when the request is
  /// planned.
  package var recentIDs: [EventID] = []

  /// Whether the store need not be asked.
  package var isEmpty: Bool { !needsLookUp && condition == nil }

  /// Whether there is more to ask than a condition.
  package var needsLookUp: Bool { !streams.isEmpty || !ids.isEmpty || !sources.isEmpty }
}

/// An event that an id was found to name.
package struct KnownEvent: Sendable, Hashable {
  package let position: UInt64
  package let stream: NameKey?
  package let revision: UInt64?
  package let type: EventType

  package init(position: UInt64, stream: NameKey?, revision: UInt64?, type: EventType) {
    self.position = position
    self.stream = stream
    self.revision = revision
    self.type = type
  }

  package init(_ event: RecordedEvent) {
    self.init(
      position: event.position.number,
      stream: event.stream.map { NameKey($0) },
      revision: event.revision?.number,
      type: event.type
    )
  }
}

/// The answers, true at `head` or later; the planner corrects them with what came since.
package struct ColdFacts: Sendable {
  /// The published head before the first read.
  package let head: UInt64
  /// Every stream that was asked for.
  package var streams: [NameKey: StreamHead] = [:]
  /// The ids that were found.
  package var ids: [EventID: KnownEvent] = [:]
  /// Whether the condition was looked for up to `head`.
  package var hasCondition = false
  package var firstMatch: UInt64?
  /// Every source that was asked for; nil stands for "never".
  package var sources: [NameKey: UInt64?] = [:]
  /// Ids of which the store was not asked (see `ColdQuestions.recentIDs`).
  package var recentIDs: [EventID] = []

  package init(head: UInt64) { self.head = head }

  /// Takes in what a search up to `head` found.
  mutating func take(_ search: ConditionSearch) {
    hasCondition = true
    firstMatch = search.match
  }
}
