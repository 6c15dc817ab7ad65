internal import CPostgres

/// What Postgres or its library refused, and on what.
///
/// Decide by `sqlState` and `constraint`; the texts are for people.
public struct PostgresError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The kind of failure; open, so that a new kind breaks no caller.
  public struct Code: Hashable, Sendable, CustomStringConvertible {
    /// The kind's name.
    public let description: String
    /// No connection could be made.
    public static let connectionFailed = Code(description: "connection failed")
    /// The connection ended; what was under way may or may not have happened.
    public static let connectionLost = Code(description: "connection lost")
    /// The server did not answer in time; the connection is given up.
    public static let timedOut = Code(description: "timed out")
    /// The server refused a statement; `sqlState` says why.
    public static let refused = Code(description: "refused")
    /// Not run, since an earlier statement of the same batch was refused.
    public static let skipped = Code(description: "skipped")
    /// The connection or pool was closed.
    public static let closed = Code(description: "closed")
    /// The answer has another shape than the statement's author expected.
    public static let unexpected = Code(description: "unexpected")
  }

  /// The kind.
  public let code: Code
  /// What was attempted.
  public let attempt: String
  /// What was found.
  public let found: String
  /// The five characters of SQLSTATE; empty where the server said nothing.
  public let sqlState: String
  /// The constraint that was violated, where one was.
  public let constraint: String?

  /// Makes an error.
  public init(
    _ code: Code,
    attempt: String,
    found: String,
    sqlState: String = "",
    constraint: String? = nil
  ) {
    self.code = code
    self.attempt = attempt
    self.found = found
    self.sqlState = sqlState
    self.constraint = constraint
  }

  /// Whether the connection is of no use any more.
  public var endsConnection: Bool {
    [.connectionFailed, .connectionLost, .timedOut, .closed].contains(code)
      // 57P01 to 57P05: the server ends the session; 25P03 and 25P04 are its timers.
      || sqlState.hasPrefix("57P") || sqlState == "25P03" || sqlState.hasPrefix("08")
  }

  /// Whether the same may succeed later, or over another connection.
  public var isRetriable: Bool {
    endsConnection && code != .closed
      // Serialisation, deadlock, lock timeout, cancelled, too many connections.
      || ["40001", "40P01", "55P03", "57014", "53300"].contains(sqlState)
  }

  /// What was attempted and what was found.
  public var description: String {
    let state = sqlState.isEmpty ? "" : " [\(sqlState)]"
    return "\(attempt): \(found)\(state)"
  }
}

extension PostgresError {
  /// The report of a failed result.
  init(_ result: OpaquePointer, attempt: String) {
    func part(_ field: Int32) -> String? {
      PQresultErrorField(result, field).map { String(cString: $0) }
    }
    var found = part(weave_pg_primary) ?? String(cString: PQresultErrorMessage(result))
    if let detail = part(weave_pg_detail) { found += " (\(detail))" }
    let state = part(weave_pg_sqlstate) ?? ""
    self.init(
      state.isEmpty ? .connectionLost : .refused,
      attempt: attempt,
      found: found.onOneLine,
      sqlState: state,
      constraint: part(weave_pg_constraint)
    )
  }

  /// What the library last said of a connection.
  init(_ code: Code, _ connection: OpaquePointer, attempt: String) {
    self.init(
      code,
      attempt: attempt,
      found: String(cString: PQerrorMessage(connection)).onOneLine
    )
  }
}

extension String {
  /// What the library tells in lines, some of them indented.
  fileprivate var onOneLine: String {
    split { $0.isNewline || $0 == "\t" }.joined(separator: " ")
  }
}
