@_spi(_Unicode) internal import Swift

/// How texts of requests are checked and compared.
///
/// Lengths count Unicode scalars after normalisation, as most languages count characters: a
/// grapheme may hold any number of them, and would bound nothing.
public enum TextRules {
  /// Which control characters a text may hold.
  public enum Controls: Sendable {
    /// None: one line.
    case none
    /// Tab and line ends.
    case lines
  }

  /// The text in normalization form C (UAX 15).
  ///
  /// Canonically equivalent texts become the same bytes, which is what the log compares. The
  /// standard library has it, but not in its public interface.
  public static func composed(_ text: String) -> String {
    if text.utf8.allSatisfy({ $0 < 0x80 }) { return text }
    var scalars = String.UnicodeScalarView()
    for scalar in text._nfc { scalars.append(scalar) }
    return String(scalars)
  }

  /// The form under which names are compared: lower case, then normalization form C.
  public static func folded(_ text: String) -> String { composed(text.lowercased()) }

  /// Checks the characters and their count.
  ///
  /// - Errors: `ValidationError` `required`, `too-long` or `control-character`.
  public static func check(
    _ text: String,
    _ field: String,
    characters: ClosedRange<Int>,
    controls: Controls = .none
  ) throws(ValidationError) {
    // Bytes bound scalars, so most texts are never counted.
    if text.utf8.count > characters.upperBound, text.unicodeScalars.count > characters.upperBound {
      throw ValidationError(
        field,
        "too-long",
        "At most \(characters.upperBound) characters are allowed."
      )
    }
    try checkEmptiness(text, field, isAllowed: characters.lowerBound == 0)
    try check(text, field, controls: controls)
  }

  /// Checks the characters and the count of UTF-8 bytes.
  ///
  /// - Errors: `ValidationError` `required`, `too-long` or `control-character`.
  public static func check(
    _ text: String,
    _ field: String,
    bytes: ClosedRange<Int>,
    controls: Controls = .none
  ) throws(ValidationError) {
    if text.utf8.count > bytes.upperBound {
      throw ValidationError(field, "too-long", "At most \(bytes.upperBound) bytes are allowed.")
    }
    try checkEmptiness(text, field, isAllowed: bytes.lowerBound == 0)
    try check(text, field, controls: controls)
  }

  private static func checkEmptiness(
    _ text: String,
    _ field: String,
    isAllowed: Bool
  ) throws(ValidationError) {
    guard !isAllowed, !text.unicodeScalars.contains(where: { !$0.properties.isWhitespace }) else {
      return
    }
    throw ValidationError(field, "required", "It must not be empty.")
  }

  private static func check(
    _ text: String,
    _ field: String,
    controls: Controls
  ) throws(ValidationError) {
    var previous: UInt8 = 0
    for byte in text.utf8 {
      let isLine = byte == 0x09 || byte == 0x0A || byte == 0x0D
      // C0 and DEL are one byte; C1 is C2 80 … C2 9F.
      let isControl = byte < 0x20 || byte == 0x7F || (previous == 0xC2 && byte < 0xA0)
      if isControl, !(isLine && controls == .lines) {
        throw ValidationError(
          field,
          "control-character",
          "Control characters are not allowed here."
        )
      }
      previous = byte
    }
  }
}
