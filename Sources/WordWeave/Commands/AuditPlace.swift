internal import ArgumentParser
internal import WeaveRuntime

/// Checks times and places as the gateway reads them, so that nothing is asked with wrong ones.
enum AuditPlace {
  /// Takes RFC 3339, or a date.
  ///
  /// - Throws: `ValidationError` for anything else.
  static func checkTime(_ text: String?, _ name: String) throws {
    guard let text, !isTime(text) else { return }
    throw ValidationError(
      "\(name) '\(text)' is neither a time such as 2026-01-31T12:00:00Z nor a date such as 2026-01-31"
    )
  }

  /// Takes a position, `@` and a revision, or a time.
  ///
  /// - Throws: `ValidationError` for anything else.
  static func check(_ text: String?, _ name: String) throws {
    guard let text, !isNumber(text[...]), !isTime(text) else { return }
    if text.hasPrefix("@"), isNumber(text.dropFirst()) { return }
    throw ValidationError(
      "\(name) '\(text)' is no position, no @ and a revision, no time such as 2026-01-31T12:00:00Z "
        + "and no date such as 2026-01-31"
    )
  }

  private static func isNumber(_ text: Substring) -> Bool {
    text.utf8.allSatisfy { (0x30...0x39).contains($0) } && UInt64(text) != nil
  }

  private static func isTime(_ text: String) -> Bool {
    MomentText.microseconds(text.utf8.count == 10 ? text + "T00:00:00Z" : text) != nil
  }
}
