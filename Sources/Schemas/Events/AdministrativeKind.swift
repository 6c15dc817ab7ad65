/// What operators do to the log and its projections; the event's type is `$` and the name.
///
/// Names are stored: they are added, never changed.
package enum AdministrativeKind: String, CaseIterable, Sendable {
  case rebuildStarted = "projection-rebuild-started"
  case rebuildEnded = "projection-rebuild-ended"
  case rebuildCancelled = "projection-rebuild-cancelled"
  case cutOver = "projection-cut-over"
  case rolledBack = "projection-rolled-back"
  case compared = "projection-compared"
  case replayed = "projection-replayed"
  case redriven = "projection-redriven"
  case logVerified = "log-verified"
  case logExported = "log-exported"
  case logBackedUp = "log-backed-up"
  case logCompacted = "log-compacted"
  case leadershipHandedOver = "leadership-handed-over"
  case replayStarted = "replay-started"
  case replayCancelled = "replay-cancelled"
  case auditExported = "audit-exported"
  case tokenCreated = "token-created"
  case tokenRevoked = "token-revoked"

  /// The type of its events.
  package var type: String { "$" + rawValue }
}
