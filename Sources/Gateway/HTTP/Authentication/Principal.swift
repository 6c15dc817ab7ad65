/// Who makes a request.
package struct Principal: Sendable, Equatable {
  /// The account's id, or `operator`.
  package let subject: String
  /// The session that the token is of, or empty.
  package let session: String
  /// `moderator`, `administrator`, `operator`.
  package let roles: Set<String>
  /// Whether the account may not write.
  package let isSuspended: Bool
  /// Whether somebody acts in the subject's name.
  package let isImpersonated: Bool

  /// Who bears the operator token.
  package static let `operator` = Principal(
    subject: "operator",
    session: "",
    roles: ["administrator", "operator"],
    isSuspended: false,
    isImpersonated: false
  )

  /// The roles as they travel between services.
  var roleList: String { roles.sorted().joined(separator: ",") }
}
