internal import Schemas
internal import WeaveRuntime

/// What a request's query says of the events that are meant.
enum AuditQuery {
  /// What `criteria` reads.
  static let criteriaNames = [
    "actor", "stream", "entity", "type", "tag", "correlation", "causation", "since", "until",
  ]

  /// Refuses parameters that nobody reads: a misspelt filter would be answered with all that it was
  /// meant to leave out.
  static func check(_ query: QueryText, reads names: [String]) throws(Problem) {
    let unknown = query.items.filter { !names.contains($0.name) }
    guard unknown.isEmpty else {
      throw Problem(
        .unknownMember,
        errors: unknown.prefix(20).map {
          .init($0.name, "unknown-member", "Nobody reads this parameter.")
        }
      )
    }
  }

  /// `actor`, `stream`, `entity`, `type`, `tag`, `correlation`, `causation`, `since`, `until`.
  static func criteria(
    _ query: QueryText
  ) throws(Problem) -> Wordweave_Events_V1_AuditCriteria {
    var criteria = Wordweave_Events_V1_AuditCriteria()
    criteria.actor = try query.value("actor") ?? ""
    criteria.stream = try query.value("stream") ?? ""
    criteria.entity = try query.value("entity") ?? ""
    criteria.correlationID = try query.value("correlation") ?? ""
    criteria.causationID = try query.value("causation") ?? ""
    criteria.types = query.items.filter { $0.name == "type" }.map(\.value)
    criteria.tags = query.items.filter { $0.name == "tag" }.map(\.value)
    if let since = try query.value("since") { criteria.since = try time(since, "since") }
    if let until = try query.value("until") { criteria.until = try time(until, "until") }
    return criteria
  }

  /// A place in a stream's life: a position, `@` and a revision, or a time.
  static func moment(
    _ query: QueryText,
    _ name: String
  ) throws(Problem) -> Wordweave_Events_V1_AuditMoment {
    var moment = Wordweave_Events_V1_AuditMoment()
    guard let text = try query.value(name) else { return moment }
    if let position = digits(text[...]) {
      moment.position = position
    } else if text.hasPrefix("@"), let revision = digits(text.dropFirst()) {
      moment.revision = revision
    } else {
      moment.time = try time(text, name)
    }
    return moment
  }

  /// Whether the oldest come first.
  static func isForwards(
    _ query: QueryText,
    otherwise: Bool = false
  ) throws(Problem) -> Bool {
    switch try query.value("direction") {
    case nil: otherwise
    case "forwards"?: true
    case "backwards"?: false
    default:
      throw Problem(
        .validation,
        errors: [.init("direction", "unknown", "One of forwards, backwards.")]
      )
    }
  }

  private static func digits(_ text: Substring) -> UInt64? {
    text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? UInt64(text) : nil
  }

  /// RFC 3339, or a date, which stands for its midnight in UTC.
  private static func time(_ text: String, _ name: String) throws(Problem) -> Int64 {
    let whole = text.utf8.count == 10 ? text + "T00:00:00Z" : text
    guard let time = MomentText.microseconds(whole) else {
      throw Problem(
        .validation,
        errors: [
          .init(
            name,
            "invalid",
            "A time such as 2026-01-31T12:00:00Z, a date such as 2026-01-31, or where a place in a "
              + "stream is meant a position or @ and a revision."
          )
        ]
      )
    }
    return time
  }
}
