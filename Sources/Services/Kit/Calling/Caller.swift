/// What an account, or the platform itself, may do beyond its own things.
public enum Role: String, Hashable, Sendable, CaseIterable {
  /// Acts on what others wrote.
  case moderator
  /// Grants roles and looks after the platform.
  case administrator
  /// The platform's operator, imports among them.
  case `operator`
}

/// Who calls.
public struct Caller: Hashable, Sendable {
  /// A user id, `operator` or `system`; nil for nobody.
  public let id: String?
  /// What the caller may do beyond the own things.
  public let roles: Set<Role>

  /// The platform itself, for what no person asked for.
  public static let systemID = "system"
  /// The platform's operator.
  public static let operatorID = "operator"

  /// Makes a caller.
  public init(id: String?, roles: Set<Role> = []) {
    self.id = id
    self.roles = roles
  }

  /// Whether the caller is the operator, or acts with the operator's rights.
  public var isOperator: Bool { roles.contains(.operator) }
  /// Whether the caller is the platform, an operator or an administrator.
  public var isPrivileged: Bool {
    isOperator || roles.contains(.administrator) || id == Self.systemID || id == Self.operatorID
  }
  /// Whether the caller may act on what others wrote.
  public var isModerator: Bool { isPrivileged || roles.contains(.moderator) }
}
