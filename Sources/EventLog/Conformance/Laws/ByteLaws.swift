internal import EventLogCore
internal import Testing

extension EventLogLaws {
  /// L39: everything that was handed in comes back byte for byte.
  public static func L39_bytesComeBack(_ fixture: EventLogFixture) async throws {
    var random = SeededRandom.announced("L39")
    try await fixture.withLog { log in
      var events = (0..<100).map { _ in RandomLog.event(using: &random) }
      events += [
        NewEvent(id: .make(), type: "Empty", contentType: "", data: []),
        NewEvent(id: .make(), type: "Every", data: (0...255).map { UInt8($0) }),
        NewEvent(id: .make(), type: "Version", schemaVersion: .max),
        NewEvent(id: .make(), type: "Zero", schemaVersion: 0),
        NewEvent(id: .make(), type: "Twice", tags: ["b", "a", "b", "b"]),
        NewEvent(id: .make(), type: "\u{1F30A} \u{0}\n", tags: ["\u{0}", "e\u{301}", "\u{E9}"]),
        NewEvent(
          id: .make(),
          type: "Ordered",
          metadata: ["z": "1", "a": "", "\u{E9}": "2", "m": "\u{0}"]
        ),
      ]
      let mark = Tracking(source: "origin \u{E9}", position: .max - 1)
      _ = try await log.engine.append(
        AppendRequest(to: "str\u{E9}am / with spaces", events, tracking: mark)
      )
      func check() async throws {
        let all = try await log.engine.wholeLog()
        let stream = try await log.engine.wholeStream("str\u{E9}am / with spaces")
        #expect(all == stream)
        for (read, event) in zip(all, events) {
          #expect(isSame(read.asNew, event), "seed \(random.seed)")
          #expect(read.tracking == mark)
        }
        #expect(all.count == events.count)
      }
      try await check()
      guard fixture.isPersistent else { return }
      try await log.reopen()
      try await check()
    }
  }

  /// Equality of texts folds some; here their bytes count.
  private static func isSame(_ one: NewEvent, _ other: NewEvent) -> Bool {
    func texts(_ event: NewEvent) -> [[UInt8]] {
      ([event.type.text, event.contentType] + event.tags.map(\.text)
        + event.metadata.entries.flatMap { [$0.key, $0.value] }).map { Array($0.utf8) }
    }
    return one == other && texts(one) == texts(other)
  }

  /// L40: at each limit accepted, one past it `tooLarge` with its numbers and nothing written.
  public static func L40_limitsAreExact(_ fixture: EventLogFixture) async throws {
    try await fixture.withEngine { engine in
      for limit in LimitCase.all {
        let head = try await engine.head()
        let error = await refusal { () throws(EventLogError) in
          try await engine.append(limit.request(limit.limit + 1))
        }
        guard case .tooLarge(let field, let index, limit.limit, let actual) = error else {
          Issue.record("\(limit.name) past its limit: \(error.map { "\($0)" } ?? "accepted")")
          continue
        }
        #expect(!field.isEmpty && actual == limit.limit + 1, "\(limit.name)")
        #expect(index == limit.eventIndex, "\(limit.name)")
        #expect(try await engine.head() == head, "\(limit.name)")
        let accepted = await refusal { () throws(EventLogError) in
          try await engine.append(limit.request(limit.limit))
        }
        #expect(accepted == nil, "\(limit.name) at its limit")
      }
      for (name, request) in LimitCase.invalid {
        let head = try await engine.head()
        let error = await refusal { () throws(EventLogError) in try await engine.append(request) }
        guard case .invalid = error else {
          Issue.record("\(name): expected `invalid`, found \(String(describing: error))")
          continue
        }
        #expect(try await engine.head() == head)
      }
      // A query of a read has the limits of a condition.
      let items = Array(
        repeating: EventQuery.Item(types: ["A"]),
        count: EventLogLimits.queryItems + 1
      )
      let error = await refusal { () throws(EventLogError) in
        try await engine.readAll(after: nil, matching: EventQuery(items))
      }
      guard case .tooLarge(_, _, EventLogLimits.queryItems, _) = error else {
        Issue.record("a read took \(items.count) items: \(String(describing: error))")
        return
      }
    }
  }
}

/// A limit and a request of a given size of what it bounds.
private struct LimitCase {
  let name: String
  let limit: Int
  var eventIndex: Int?
  let request: (Int) -> AppendRequest

  /// `count` bytes in which a character takes two, so that counting characters shows.
  static func text(_ count: Int) -> String {
    String(repeating: "\u{E9}", count: count / 2) + (count.isMultiple(of: 2) ? "" : "e")
  }

  static func event(_ event: NewEvent) -> AppendRequest {
    AppendRequest(to: "s", [.sample(), event])
  }

  static func query(_ item: EventQuery.Item, count: Int = 1) -> AppendRequest {
    let query = EventQuery(Array(repeating: item, count: count))
    return AppendRequest(
      to: "s",
      [.sample()],
      condition: AppendCondition(failIfMatches: query, after: .max)
    )
  }

  static var all: [LimitCase] {
    ofEvents + ofRequests
  }

  private static var ofEvents: [LimitCase] {
    let limits = EventLogLimits.self
    return [
      LimitCase(name: "data", limit: limits.dataBytes, eventIndex: 1) {
        event(.sample(data: Array(repeating: 1, count: $0)))
      },
      LimitCase(name: "type", limit: limits.nameBytes, eventIndex: 1) {
        event(.sample(EventType(text($0))))
      },
      LimitCase(name: "tag", limit: limits.nameBytes, eventIndex: 1) {
        event(.sample(tags: ["a", Tag(text($0))]))
      },
      LimitCase(name: "tags", limit: limits.tags, eventIndex: 1) {
        event(.sample(tags: (0..<$0).map { Tag("t\($0)") }))
      },
      LimitCase(name: "content type", limit: limits.contentTypeBytes, eventIndex: 1) {
        event(NewEvent(type: "T", contentType: text($0)))
      },
      LimitCase(name: "metadata entries", limit: limits.metadataEntries, eventIndex: 1) {
        event(
          NewEvent(
            type: "T",
            metadata: Metadata((0..<$0).map { Metadata.Entry(key: "k\($0)", value: "v") })
          )
        )
      },
      LimitCase(name: "metadata key", limit: limits.metadataKeyBytes, eventIndex: 1) {
        event(NewEvent(type: "T", metadata: Metadata([.init(key: text($0), value: "")])))
      },
      LimitCase(name: "metadata", limit: limits.metadataBytes, eventIndex: 1) {
        event(
          NewEvent(
            type: "T",
            metadata: Metadata([
              .init(key: "one", value: text(1000)), .init(key: "k", value: text($0 - 1004)),
            ])
          )
        )
      },
    ]
  }

  private static var ofRequests: [LimitCase] {
    let limits = EventLogLimits.self
    return [
      LimitCase(name: "stream", limit: limits.nameBytes) {
        AppendRequest(to: StreamName(text($0)), [.sample()])
      },
      LimitCase(name: "tracking source", limit: limits.nameBytes) {
        AppendRequest(
          to: "s",
          [.sample()],
          tracking: Tracking(source: text($0), position: 1)
        )
      },
      LimitCase(name: "parts", limit: limits.requestParts) { count in
        AppendRequest((0..<count).map { StreamAppend(to: StreamName("p\($0)"), [.sample()]) })
      },
      LimitCase(name: "events", limit: limits.requestEvents) { count in
        AppendRequest(to: "s", (0..<count).map { _ in NewEvent(type: "T") })
      },
      LimitCase(name: "request", limit: limits.requestBytes) { count in
        // Sixteen events; the texts of each count too, so the last makes the sum exact.
        let full = (0..<15).map { _ in
          NewEvent(type: "T", contentType: "", data: Array(repeating: 1, count: 1_000_000))
        }
        let rest = count - 15 * 1_000_001
        let tail = [rest / 2, rest - rest / 2].map { size in
          NewEvent(type: "T", contentType: "", data: Array(repeating: 1, count: size - 1))
        }
        return AppendRequest(to: "s", full + tail)
      },
      LimitCase(name: "query items", limit: limits.queryItems) {
        query(EventQuery.Item(types: ["A"]), count: $0)
      },
      LimitCase(name: "query types", limit: limits.queryTypes) {
        query(EventQuery.Item(types: (0..<$0).map { EventType("T\($0)") }))
      },
      LimitCase(name: "query tags", limit: limits.queryTags) {
        query(EventQuery.Item(tags: (0..<$0).map { Tag("t\($0)") }))
      },
    ]
  }

  static let invalid: [(String, AppendRequest)] = [
    ("empty stream name", AppendRequest(to: "", [.sample()])),
    ("NUL in a stream name", AppendRequest(to: "a\u{0}b", [.sample()])),
    ("control character in a stream name", AppendRequest(to: "a\nb", [.sample()])),
    ("C1 control character in a stream name", AppendRequest(to: "a\u{85}b", [.sample()])),
    ("reserved stream", AppendRequest(to: "$mine", [.sample()])),
    ("control stream", AppendRequest(to: "$$s", [.sample()])),
    ("reserved type", AppendRequest(to: "s", [.sample("$truncated")])),
    ("empty type", AppendRequest(to: "s", [.sample("")])),
    ("empty tag", AppendRequest(to: "s", [.sample(tags: [""])])),
    (
      "empty metadata key",
      AppendRequest(to: "s", [NewEvent(type: "T", metadata: ["": "v"])])
    ),
    (
      "metadata key twice",
      AppendRequest(to: "s", [NewEvent(type: "T", metadata: ["k": "v", "k": "w"])])
    ),
    (
      "empty tracking source",
      AppendRequest(to: "s", [.sample()], tracking: Tracking(source: "", position: 1))
    ),
  ]
}
