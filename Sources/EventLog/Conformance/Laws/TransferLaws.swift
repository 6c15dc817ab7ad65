internal import EventLogCore
internal import Testing

extension EventLogLaws {
  /// Fills a log with everything an export has to carry.
  private static func fill(
    _ engine: any EventLogEngine,
    using random: inout SeededRandom
  ) async throws {
    try await RandomLog.fill(engine, events: 400, using: &random)
    let mark = Tracking(source: "origin", position: 9)
    _ = try await engine.append(
      AppendRequest(to: "tracked", [.sample(id: nil), .sample()], tracking: mark)
    )
    try await RandomLog.removeSome(engine, using: &random)
    try await RandomLog.fill(engine, events: 40, using: &random, streams: "u")
  }

  static func exported(_ engine: any EventLogEngine) async throws -> [UInt8] {
    var bytes: [UInt8] = []
    for try await chunk in LogExport(of: engine) { bytes.append(contentsOf: chunk) }
    return bytes
  }

  /// L47: export(import(export(A))) = export(A) between any two engines.
  public static func L47_exportsAreEqual(
    _ fixture: EventLogFixture,
    into other: EventLogFixture
  ) async throws {
    var random = SeededRandom.announced("L47")
    try await fixture.withEngine { engine in
      try await fill(engine, using: &random)
      let export = try await exported(engine)
      let content = try await Content(of: engine)
      try await other.withLog { log in
        var importing = LogImport(into: log.engine)
        var rest = export[...]
        while !rest.isEmpty {
          let count = min(rest.count, random.below(5000) + 1)
          try await importing.feed(rest.prefix(count))
          rest = rest.dropFirst(count)
        }
        try importing.finish()
        func check() async throws {
          #expect(try await exported(log.engine) == export, "seed \(random.seed)")
          #expect(try await Content(of: log.engine) == content, "seed \(random.seed)")
          #expect(try await log.engine.tracking(of: "origin") == 9)
        }
        try await check()
        if other.isPersistent {
          try await log.reopen()
          try await check()
        }
        // It goes on as a log like any other: repeats are known, revisions and marks follow.
        let event = try #require(content.events.last { $0.stream != nil && !$0.isRemoved })
        let stream = try #require(event.stream)
        let revision = try #require(event.revision)
        let again = try await log.engine.append(AppendRequest(to: stream, [event.asNew]))
        #expect(again.isRepeat && again.firstPosition == event.position)
        let next = try await log.engine.write(1, to: stream, expecting: .exactly(revision))
        #expect(next.firstPosition == content.headers.last?.position.next)
        let stale = await refusal { () throws(EventLogError) in
          try await log.engine.append(
            AppendRequest(
              to: nil,
              [.sample()],
              tracking: Tracking(source: "origin", position: 9)
            )
          )
        }
        #expect(stale == .trackingNotIncreasing(source: "origin", stored: 9, given: 9))
      }
    }
  }

  /// L47: an export is of one moment, also when streams lose events while it is read.
  public static func L47_exportsAreOfOneMoment(_ fixture: EventLogFixture) async throws {
    let streams: [StreamName] = ["truncated", "tombstoned"]
    try await fixture.withEngine { engine in
      // More than a page lies between the events of each stream: the first is read before the removal,
      // the second behind it.
      for stream in streams { try await engine.write(1, to: stream) }
      try await engine.write(EventLogLimits.pageEvents + 900, to: "between")
      for stream in streams { try await engine.write(1, to: stream) }
      var export: [UInt8] = []
      var chunks = LogExport(of: engine).makeAsyncIterator()
      for _ in 0..<2 {
        let chunk = try await chunks.next()
        export += try #require(chunk)
      }
      _ = try await engine.append(.truncating("truncated", before: StreamRevision(2)))
      _ = try await engine.append(.tombstoning("tombstoned"))
      while let chunk = try await chunks.next() { export += chunk }
      let head = try await engine.head()
      try await fixture.withEngine { copy in
        // Broken off behind the removals, and begun anew.
        var broken = LogImport(into: copy)
        try await broken.feed(export.dropLast(1))
        #expect(try await copy.head() == head)
        var importing = LogImport(into: copy)
        try await importing.feed(export)
        try importing.finish()
        #expect(importing.count == head.number)
        for stream in streams {
          let state = try await copy.state(of: stream)
          #expect(try await engine.state(of: stream) == state)
        }
        #expect(try await copy.wholeStream("truncated").isEmpty)
        let events = try await copy.wholeLog(includeRemoved: true)
        #expect(try await engine.wholeLog(includeRemoved: true) == events)
        // From here on the two have equal exports.
        let again = try await exported(copy)
        #expect(try await exported(engine) == again)
      }
    }
  }

  /// L48: a mark that no append takes is taken from no export either; its sums may be right.
  public static func L48_strangeMarksAreRefused(_ fixture: EventLogFixture) async throws {
    for source: [UInt8] in [[], [0xFF]] {
      let event = try marked(source)
      try await fixture.withEngine { engine in
        let error = await refusal { () throws(EventLogError) in try await engine.restore([event]) }
        guard case .invalid? = error else {
          Issue.record("expected `invalid`, found \(String(describing: error))")
          return
        }
        let head = try await engine.head()
        #expect(head == .start)
      }
    }
  }

  /// The first event of a log, with a mark of a source of these bytes.
  private static func marked(_ source: [UInt8]) throws -> RecordedEvent {
    let id = EventID.make()
    let event = NewEvent(id: id, type: "T", contentType: "")
    // As long as the source; its bytes follow, which may be no text.
    let text = String(repeating: "s", count: source.count)
    var bytes: [UInt8] = []
    Envelope.encode(
      event,
      id: id,
      stream: nil,
      tracking: Tracking(source: text, position: 1),
      into: &bytes
    )
    let begin = Envelope.headerBytes + event.type.text.utf8.count
    bytes.replaceSubrange(begin..<(begin + source.count), with: source)
    bytes.withUnsafeMutableBytes {
      Envelope.stamp($0, position: GlobalPosition(1), revision: nil, recordedAt: .now)
    }
    return try RecordedEvent(envelope: bytes)
  }

  /// L48: an import needs an empty log or the beginning of the same export; damage stops it.
  public static func L48_importResumesOrRefuses(_ fixture: EventLogFixture) async throws {
    var random = SeededRandom.announced("L48")
    let export = try await fixture.withEngine { engine in
      try await fill(engine, using: &random)
      return try await exported(engine)
    }
    func importing(_ bytes: some Collection<UInt8>, into engine: any EventLogEngine) async throws {
      var importing = LogImport(into: engine)
      try await importing.feed(bytes)
      try importing.finish()
    }
    // Broken off at random places, and begun anew each time.
    try await fixture.withLog { log in
      for part in 1...4 {
        let cut = export.count * part / 5
        await #expect(throws: EventLogError.self) {
          try await importing(export[..<cut], into: log.engine)
        }
        if fixture.isPersistent { try await log.reopen() }
      }
      try await importing(export, into: log.engine)
      #expect(try await exported(log.engine) == export)
      // Once more changes nothing.
      try await importing(export, into: log.engine)
      #expect(try await exported(log.engine) == export)
      // A log that went further is no beginning of the file.
      try await log.engine.write(1, to: "more")
      let head = try await log.engine.head()
      let error = await #expect(throws: EventLogError.self) {
        try await importing(export, into: log.engine)
      }
      guard case .invalid? = error else {
        Issue.record("expected `invalid`, found \(String(describing: error))")
        return
      }
      #expect(try await log.engine.head() == head)
    }
    // A log with other content refuses, and stays as it was.
    try await fixture.withEngine { engine in
      try await engine.write(2, to: "mine")
      let before = try await exported(engine)
      await #expect(throws: EventLogError.self) { try await importing(export, into: engine) }
      #expect(try await exported(engine) == before)
    }
    // Any flipped byte stops it: in the header, in an event, in the digest.
    for place in [3, 9, export.count / 2, export.count - 10, export.count - 2] {
      var damaged = export
      damaged[place] ^= 0x10
      try await fixture.withEngine { engine in
        await #expect(throws: EventLogError.self, "byte \(place)") {
          try await importing(damaged, into: engine)
        }
        // What was taken before is a beginning of the sound file.
        try await importing(export, into: engine)
        #expect(try await exported(engine) == export)
      }
    }
  }
}
