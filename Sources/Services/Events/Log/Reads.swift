internal import EventLogCore
internal import Schemas

/// How events are put into an answer.
enum EventForm {
  case messages, envelopes

  init(_ asked: Wordweave_Events_V1_EventForm) throws(EventLogError) {
    switch asked {
    case .unspecified, .messages: self = .messages
    case .envelopes: self = .envelopes
    case .UNRECOGNIZED(let form): throw .invalid("unknown form \(form) of events")
    }
  }
}

/// A read of a stream, and where it stands.
struct StreamRead: PagedRead {
  let stream: StreamName
  let direction: Direction
  let limit: Int
  let form: EventForm
  let identity: LogIdentity
  private(set) var from: StreamRevision
  /// Where it ends forwards: the last event that the first page knew of.
  ///
  /// A reader of a stream that is written faster would never come to its end.
  private var through: StreamRevision?

  init(
    _ request: Wordweave_Events_V1_ReadStreamRequest,
    of identity: LogIdentity
  ) throws(EventLogError) {
    stream = StreamName(request.stream)
    direction = request.backwards ? .backward : .forward
    limit = try PageLimit.events(request.limit)
    form = try EventForm(request.form)
    self.identity = identity
    let begin: StreamRevision = request.backwards ? .max : .first
    from = request.hasFrom ? StreamRevision(request.from) : begin
    guard !request.pageToken.isEmpty else { return }
    from = StreamRevision(try token.place(in: request.pageToken))
  }

  /// The tokens of this read; they fit no other.
  private var token: PageToken {
    var digest = QueryDigest()
    digest.feed("stream")
    digest.feed(stream.text)
    return PageToken(identity: identity, direction: direction, digest: digest)
  }

  func page(of engine: any EventLogEngine) async throws(EventLogError) -> EventPage {
    let page = try await engine.read(stream, from: from, direction: direction, limit: limit)
    guard let through, direction == .forward else { return page }
    return page.cut(after: through)
  }

  func behind(_ page: EventPage, isAhead: Bool) -> StreamRead? {
    guard !page.isEnd, let place = next(after: page) else { return nil }
    var next = self
    next.from = place
    next.through = through ?? page.stream?.lastRevision
    return next
  }

  private func next(after page: EventPage) -> StreamRevision? {
    guard let last = page.events.last?.revision else { return nil }
    switch direction {
    case .forward: return last == .max ? nil : last.next
    case .backward: return last == .first ? nil : StreamRevision(last.number - 1)
    }
  }

  func message(_ page: EventPage) -> Wordweave_Events_V1_EventsPage {
    var message = Wordweave_Events_V1_EventsPage(page, of: identity, as: form)
    if !page.isEnd, let next = next(after: page) { message.pageToken = token.bytes(next.number) }
    return message
  }
}

/// A read of the whole log, and where it stands.
struct LogRead: PagedRead {
  let query: EventQuery
  let direction: Direction
  let limit: Int
  let form: EventForm
  let includeRemoved: Bool
  let identity: LogIdentity
  private(set) var after: GlobalPosition?
  /// Where it ends forwards: the head that the first page saw.
  ///
  /// A reader that follows a busy log would never come to its end.
  private var through: GlobalPosition?

  init(
    _ request: Wordweave_Events_V1_ReadAllRequest,
    of identity: LogIdentity
  ) throws(EventLogError) {
    query = EventQuery(request.items)
    direction = request.backwards ? .backward : .forward
    limit = try PageLimit.events(request.limit)
    form = try EventForm(request.form)
    includeRemoved = request.includeRemoved
    self.identity = identity
    after = request.hasAfter ? GlobalPosition(request.after) : nil
    guard !request.pageToken.isEmpty else { return }
    after = GlobalPosition(try token.place(in: request.pageToken))
  }

  /// The tokens of this read; they fit no other.
  private var token: PageToken {
    var digest = QueryDigest()
    digest.feed(includeRemoved ? "all, removed too" : "all")
    for item in query.items {
      digest.feed("item")
      for type in item.types { digest.feed("type " + type.text) }
      for tag in item.tags { digest.feed("tag " + tag.text) }
    }
    return PageToken(identity: identity, direction: direction, digest: digest)
  }

  func page(of engine: any EventLogEngine) async throws(EventLogError) -> EventPage {
    let page = try await engine.readAll(
      after: after,
      matching: query,
      direction: direction,
      limit: limit,
      includeRemoved: includeRemoved
    )
    guard let through, direction == .forward else { return page }
    return page.cut(after: through)
  }

  func behind(_ page: EventPage, isAhead: Bool) -> LogRead? {
    guard !page.isEnd else { return nil }
    var next = self
    next.after = page.scannedTo
    next.through = through ?? page.head
    return next
  }

  func message(_ page: EventPage) -> Wordweave_Events_V1_EventsPage {
    var message = Wordweave_Events_V1_EventsPage(page, of: identity, as: form)
    if !page.isEnd { message.pageToken = token.bytes(page.scannedTo.number) }
    return message
  }
}

extension EventPage {
  /// Bytes of events that one message of a stream carries: clients decode 4 MiB by default, and a
  /// smaller message lets others of the same connection through sooner.
  static let messageBytes = 1 << 20

  /// What one answer carries of the page, and its token goes on behind.
  ///
  /// Envelopes go whole: who asks for them is an engine, which takes `EventCalls.answerBytes`.
  func beginning(as form: EventForm) -> EventPage {
    form == .messages ? pieces.first ?? self : self
  }

  /// The page in pieces that fit a message each; one event more than fits is a piece of its own.
  var pieces: [EventPage] {
    var pieces: [EventPage] = []
    var start = 0
    var bytes = 0
    for (index, event) in events.enumerated() {
      let size = event.withEnvelope { $0.count }
      if index > start, bytes + size > Self.messageBytes {
        pieces.append(piece(start..<index))
        start = index
        bytes = 0
      }
      bytes += size
    }
    guard start > 0 else { return [self] }
    pieces.append(
      EventPage(
        events: Array(events[start...]),
        scannedTo: scannedTo,
        head: head,
        isEnd: isEnd,
        stream: stream
      )
    )
    return pieces
  }

  private func piece(_ range: Range<Int>) -> EventPage {
    EventPage(
      events: Array(events[range]),
      scannedTo: events[range.upperBound - 1].position,
      head: head,
      isEnd: false,
      stream: stream
    )
  }

  /// The page of a stream without what lies behind a revision.
  func cut(after through: StreamRevision) -> EventPage {
    guard let last = events.last?.revision, last >= through else { return self }
    return EventPage(
      events: events.filter { ($0.revision ?? .max) <= through },
      scannedTo: scannedTo,
      head: head,
      isEnd: true,
      stream: stream
    )
  }

  /// The page without what lies behind a position.
  func cut(after through: GlobalPosition) -> EventPage {
    guard scannedTo >= through else { return self }
    return EventPage(
      events: events.filter { $0.position <= through },
      scannedTo: through,
      head: head,
      isEnd: true,
      stream: stream
    )
  }
}
