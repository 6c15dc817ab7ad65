package import HTTPTypes

extension HTTPField.Name {
  private static func made(_ name: String) -> HTTPField.Name {
    // Every name below is a token, which is all that is asked of a field's name.
    HTTPField.Name(name) ?? .server
  }
  package static let requestID = made("X-Request-Id")
  package static let position = made("WordWeave-Position")
  package static let minimumPosition = made("WordWeave-Min-Position")
  package static let lagging = made("WordWeave-Lagging")
  package static let idempotencyKey = made("Idempotency-Key")
  package static let idempotencyReplayed = made("Idempotency-Replayed")
  package static let prefer = made("Prefer")
  package static let preferenceApplied = made("Preference-Applied")
  package static let link = made("Link")
  package static let referrerPolicy = made("Referrer-Policy")
}
