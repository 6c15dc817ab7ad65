public import EventLogCore

/// Checks that every service's requests share.
public enum CallRules {
  /// Items of one page at most.
  public static let pageItems = 100
  /// Items of a page that names no limit.
  public static let defaultPageItems = 20

  /// A page's limit: 1 to 100; 0 stands for the default.
  public static func limit(_ limit: UInt32) throws(ValidationError) -> Int {
    guard limit <= pageItems else {
      throw ValidationError("limit", "too-large", "At most \(pageItems) items are allowed.")
    }
    return limit == 0 ? defaultPageItems : Int(limit)
  }

  /// A command's id: 16 bytes, or none.
  public static func commandID(
    _ bytes: some Collection<UInt8>
  ) throws(ValidationError) -> EventID? {
    guard !bytes.isEmpty else { return nil }
    guard let id = EventID(bytes: bytes), id != .none else {
      throw ValidationError("commandId", "malformed", "A command id has 16 bytes.")
    }
    return id
  }
}
