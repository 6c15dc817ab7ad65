package import EventLogCore
package import GRPCCore
internal import GRPCProtobuf

// The log's errors as gRPC statuses with `google.rpc` details. `ErrorInfo.reason` is the case, its
// metadata the values of the case, so that a client gets back the error that the log threw.

extension EventLogError {
  /// Whose reasons these are.
  package static let domain = "events.wordweave"

  /// What clients should wait that are told nothing better.
  private static let retryDelay = Duration.milliseconds(200)

  /// The gRPC status of the error.
  package var status: RPCError.Code {
    switch self {
    case .invalid, .tooLarge, .emptyAppend: .invalidArgument
    case .conflict, .conditionFailed: .aborted
    case .idConflict: .alreadyExists
    case .streamTombstoned, .trackingNotIncreasing, .logEpochChanged: .failedPrecondition
    case .overloaded, .closed, .locked, .notLeader, .unavailable: .unavailable
    case .outcomeUnknown: .unknown
    case .corrupt: .dataLoss
    case .cancelled: .cancelled
    }
  }

  /// The error with texts that fit into the head of an answer, whatever a caller has sent.
  package var brief: EventLogError {
    switch self {
    case .invalid(let text): .invalid(text.brief)
    case .outcomeUnknown(let text): .outcomeUnknown(text.brief)
    case .locked(let text): .locked(text.brief)
    case .corrupt(let text, let position): .corrupt(text.brief, at: position)
    case .unavailable(let text): .unavailable(text.brief)
    default: self
    }
  }

  /// The error as a client gets it.
  package var rpcError: RPCError { brief.spelledOut }

  private var spelledOut: RPCError {
    var details = [
      ErrorDetails.errorInfo(reason: reason, domain: Self.domain, metadata: values)
    ]
    switch self {
    case .invalid, .emptyAppend:
      details.append(
        .badRequest(violations: [.init(field: "request", description: description)])
      )
    case .tooLarge(let field, _, _, _):
      details.append(.badRequest(violations: [.init(field: field, description: description)]))
    case .streamTombstoned(let stream):
      details.append(violation(subject: stream.text))
    case .trackingNotIncreasing(let source, _, _):
      details.append(violation(subject: source))
    case .logEpochChanged:
      details.append(violation(subject: "log"))
    case .overloaded(let delay):
      details.append(.retryInfo(delay: delay))
    case .closed, .locked, .notLeader, .unavailable:
      details.append(.retryInfo(delay: Self.retryDelay))
    case .conflict, .conditionFailed, .idConflict, .outcomeUnknown, .corrupt, .cancelled: break
    }
    return RPCError(GoogleRPCStatus(code: status, message: description, details: details))
  }

  /// The error that a log threw at the other end; nil if something else went wrong there.
  package init?(_ error: RPCError) {
    guard let status = try? error.unpackGoogleRPCStatus(),
      let info = status.details.lazy.compactMap(\.errorInfo).first, info.domain == Self.domain,
      let decoded = Self(reason: info.reason, ErrorValues(info.metadata))
    else { return nil }
    self = decoded
  }

  private func violation(subject: String) -> ErrorDetails {
    .preconditionFailure(
      violations: [.init(type: reason, subject: subject, description: description)]
    )
  }
}

// The case as text, and back.
extension EventLogError {
  /// The name of the case.
  package var reason: String {
    switch self {
    case .closed: "closed"
    case .invalid: "invalid"
    case .tooLarge: "tooLarge"
    case .emptyAppend: "emptyAppend"
    case .conflict: "conflict"
    case .streamTombstoned: "streamTombstoned"
    case .conditionFailed: "conditionFailed"
    case .trackingNotIncreasing: "trackingNotIncreasing"
    case .idConflict: "idConflict"
    case .outcomeUnknown: "outcomeUnknown"
    case .overloaded: "overloaded"
    case .locked: "locked"
    case .notLeader: "notLeader"
    case .corrupt: "corrupt"
    case .logEpochChanged: "logEpochChanged"
    case .unavailable: "unavailable"
    case .cancelled: "cancelled"
    }
  }

  private var values: [String: String] {
    switch self {
    case .closed, .emptyAppend, .cancelled: return [:]
    case .invalid(let text), .outcomeUnknown(let text), .locked(let text), .unavailable(let text):
      return ["text": text]
    case .tooLarge(let field, let index, let limit, let actual):
      var values = ["field": field, "limit": "\(limit)", "actual": "\(actual)"]
      if let index { values["eventIndex"] = "\(index)" }
      return values
    case .conflict(let stream, let expected, let actual):
      return [
        "stream": stream.text, "expected": ErrorValues.text(expected),
        "actual": ErrorValues.text(actual),
      ]
    case .streamTombstoned(let stream): return ["stream": stream.text]
    case .conditionFailed(let match): return ["firstMatch": "\(match)"]
    case .trackingNotIncreasing(let source, let stored, let given):
      return ["source": source, "stored": "\(stored)", "given": "\(given)"]
    case .idConflict(let id, let position): return ["id": "\(id)", "position": "\(position)"]
    case .notLeader(let address): return address.map { ["address": $0] } ?? [:]
    case .overloaded(let delay):
      let (seconds, attoseconds) = delay.components
      return ["seconds": "\(seconds)", "attoseconds": "\(attoseconds)"]
    case .corrupt(let text, let position):
      var values = ["text": text]
      if let position { values["position"] = "\(position)" }
      return values
    case .logEpochChanged(let head): return ["head": "\(head)"]
    }
  }

  private init?(reason: String, _ values: ErrorValues) {
    switch reason {
    case "closed": self = .closed
    case "emptyAppend": self = .emptyAppend
    case "cancelled": self = .cancelled
    case "invalid": self = .invalid(values.text)
    case "outcomeUnknown": self = .outcomeUnknown(values.text)
    case "locked": self = .locked(values.text)
    case "notLeader": self = .notLeader(address: values["address"])
    case "unavailable": self = .unavailable(values.text)
    case "corrupt": self = .corrupt(values.text, at: values.position("position"))
    default:
      guard let error = Self(numbered: reason, values) else { return nil }
      self = error
    }
  }

  private init?(numbered reason: String, _ values: ErrorValues) {
    switch reason {
    case "tooLarge":
      guard let field = values["field"], let limit = values["limit"].flatMap({ Int($0) }),
        let actual = values["actual"].flatMap({ Int($0) })
      else { return nil }
      let index = values["eventIndex"].flatMap { Int($0) }
      self = .tooLarge(field: field, eventIndex: index, limit: limit, actual: actual)
    case "conflict":
      guard let stream = values["stream"], let expected = values.expected,
        let actual = values.actual
      else { return nil }
      self = .conflict(stream: StreamName(stream), expected: expected, actual: actual)
    case "streamTombstoned":
      guard let stream = values["stream"] else { return nil }
      self = .streamTombstoned(StreamName(stream))
    case "conditionFailed":
      guard let match = values.position("firstMatch") else { return nil }
      self = .conditionFailed(firstMatch: match)
    case "trackingNotIncreasing":
      guard let source = values["source"], let stored = values.number("stored"),
        let given = values.number("given")
      else { return nil }
      self = .trackingNotIncreasing(source: source, stored: stored, given: given)
    case "idConflict":
      guard let id = values["id"].flatMap({ EventID($0) }),
        let position = values.position("position")
      else { return nil }
      self = .idConflict(id, position)
    case "overloaded":
      guard let seconds = values["seconds"].flatMap({ Int64($0) }),
        let attoseconds = values["attoseconds"].flatMap({ Int64($0) })
      else { return nil }
      let delay = Duration(secondsComponent: seconds, attosecondsComponent: attoseconds)
      self = .overloaded(retryAfter: delay)
    case "logEpochChanged":
      guard let head = values.position("head") else { return nil }
      self = .logEpochChanged(head: head)
    default: return nil
    }
  }
}

/// The values of an error's case, as texts.
private struct ErrorValues {
  private let texts: [String: String]

  init(_ texts: [String: String]) { self.texts = texts }

  subscript(key: String) -> String? { texts[key] }
  var text: String { texts["text"] ?? "" }
  func number(_ key: String) -> UInt64? { texts[key].flatMap { UInt64($0) } }
  func position(_ key: String) -> GlobalPosition? { number(key).map { GlobalPosition($0) } }

  static func text(_ expected: ExpectedRevision) -> String {
    switch expected {
    case .any: "any"
    case .noStream: "noStream"
    case .streamExists: "streamExists"
    case .exactly(let revision): "\(revision)"
    }
  }

  static func text(_ state: StreamState) -> String {
    switch state {
    case .neverWritten: "neverWritten"
    case .written(let first, let last): "written \(first) \(last)"
    case .truncated(let last): "truncated \(last)"
    case .tombstoned: "tombstoned"
    }
  }

  var expected: ExpectedRevision? {
    switch texts["expected"] {
    case "any": .any
    case "noStream": .noStream
    case "streamExists": .streamExists
    case let text?: UInt64(text).map { .exactly(StreamRevision($0)) }
    case nil: nil
    }
  }

  var actual: StreamState? {
    let words = (texts["actual"] ?? "").split(separator: " ")
    let revisions = words.dropFirst().compactMap { UInt64($0) }.map { StreamRevision($0) }
    switch (words.first, revisions.count) {
    case ("neverWritten", 0): return .neverWritten
    case ("written", 2): return .written(first: revisions[0], last: revisions[1])
    case ("truncated", 1): return .truncated(last: revisions[0])
    case ("tombstoned", 0): return .tombstoned
    default: return nil
    }
  }
}

extension String {
  /// Bytes of a text in the head of an answer; clients take 8 KiB of heads at least, and a text is
  /// there up to three times, with each byte in up to three.
  private static let briefBytes = 768

  /// The text, cut where it is longer than the head of an answer should be.
  package var brief: String {
    guard utf8.count > Self.briefBytes else { return self }
    // A character that is cut in half goes whole.
    var end = utf8.index(utf8.startIndex, offsetBy: Self.briefBytes)
    while end > startIndex, end.samePosition(in: unicodeScalars) == nil {
      end = utf8.index(before: end)
    }
    return String(self[..<end]) + "…"
  }
}
