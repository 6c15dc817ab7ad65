internal import Gateway

/// Pages of events, of the log or of one stream.
struct EventPages {
  /// What the gateway gives at once.
  private static let pageEvents = 500

  let client: AdminClient
  let stream: String?
  let filter: EventFilter
  /// The position that bounds what is read; later the place of the next page.
  private var bound: Int64?
  private var revision: Int64?
  private let backwards: Bool
  /// The last position that is meant.
  var through: Int64?
  private var isAtEnd = false
  /// Whether a page of the stream held any event, whatever the filter made of it.
  private(set) var hasFound = false

  init(
    client: AdminClient,
    stream: String? = nil,
    filter: EventFilter,
    bound: Int64?,
    backwards: Bool = false,
    through: Int64? = nil
  ) {
    self.client = client
    self.stream = stream
    self.filter = filter
    self.bound = bound
    self.backwards = backwards
    self.through = through
  }

  /// The next events; nil at the end.
  ///
  /// A page may be empty: a rare filter found none on its way.
  mutating func next(limit: Int) async throws -> [JSONValue]? {
    if isAtEnd { return nil }
    return stream == nil
      ? try await nextOfLog(limit: limit) : try await nextOfStream(limit: limit)
  }

  private mutating func nextOfLog(limit: Int) async throws -> [JSONValue] {
    var query = Query()
    query.add(backwards ? "before" : "after", bound)
    filter.add(to: &query)
    if backwards { query.add("direction", "backwards") }
    query.add("limit", min(limit, Self.pageEvents))
    let page = try await client.get("/v1/admin/events", query)
    var events = page["items"]?.items ?? []
    let place = page["scannedTo"]?.integer ?? events.last?["position"]?.integer
    // Without progress the next page would be this one again.
    isAtEnd = page["isEnd"]?.flag ?? events.isEmpty || place == nil || place == bound
    bound = place
    if let through {
      if (place ?? through) >= through { isAtEnd = true }
      events.removeAll { ($0["position"]?.integer ?? 0) > through }
    }
    return events
  }

  private mutating func nextOfStream(limit: Int) async throws -> [JSONValue] {
    var query = Query()
    query.add("from", revision)
    if backwards { query.add("direction", "backwards") }
    query.add("limit", Self.pageEvents)
    let page = try await client.get(
      "/v1/admin/streams/\(Query.encoded(stream ?? ""))/events",
      query
    )
    let events = page["items"]?.items ?? []
    if !events.isEmpty { hasFound = true }
    let last = events.last?["revision"]?.integer
    revision = last.map { backwards ? $0 - 1 : $0 + 1 }
    isAtEnd = page["isEnd"]?.flag ?? events.isEmpty || last == nil || (revision ?? 0) < 0
    return events.filter { event in
      let position = event["position"]?.integer ?? 0
      let isWithin = bound.map { backwards ? position < $0 : position > $0 } ?? true
      return isWithin && filter.matches(event)
    }
  }
}
