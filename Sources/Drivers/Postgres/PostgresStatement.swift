/// A statement's text, with its values as `$1`, `$2`….
///
/// Written once as a constant; every session prepares it when it first runs it.
public struct PostgresStatement: Hashable, Sendable {
  /// What the statement is for; errors begin with it.
  public let purpose: String
  /// The text.
  public let sql: String
  /// Whether the session keeps the prepared form; not worth it for what runs once.
  public let isPrepared: Bool

  /// Makes a statement.
  public init(_ purpose: String, isPrepared: Bool = true, _ sql: String) {
    self.purpose = purpose
    self.sql = sql
    self.isPrepared = isPrepared
  }

  /// The statement with its values.
  public func callAsFunction(_ values: PostgresValue...) -> PostgresCall {
    PostgresCall(self, values)
  }

  /// Begins a transaction that sees each statement's own moment.
  public static let begin = PostgresStatement("begin a transaction", "BEGIN")
  /// Makes a transaction durable.
  public static let commit = PostgresStatement("commit", "COMMIT")
  /// Undoes a transaction.
  public static let rollback = PostgresStatement("roll back", "ROLLBACK")
}

/// A statement with the values it runs with.
public struct PostgresCall: Sendable {
  /// The statement.
  public let statement: PostgresStatement
  let values: [PostgresValue]

  /// Makes a call of values that are counted at run time.
  public init(_ statement: PostgresStatement, _ values: [PostgresValue]) {
    self.statement = statement
    self.values = values
  }
}
