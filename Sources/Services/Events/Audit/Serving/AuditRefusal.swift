internal import GRPCCore

/// What the audit says no to, beyond what the log itself does.
enum AuditRefusal {
  /// What was asked for is not there.
  static func notFound(_ sentence: String) -> RPCError {
    RPCError(code: .notFound, message: sentence)
  }
}
