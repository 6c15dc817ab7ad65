package import ServiceKit

/// Checks of the members of requests about users.
package enum UserRules {
  /// An id: `user_` and 1–64 letters or digits.
  package static func id(_ id: String, _ field: String = "userId") throws(ValidationError) -> String
  {
    let rest = id.utf8.dropFirst("user_".utf8.count)
    let isSound =
      id.utf8.starts(with: "user_".utf8) && (1...UserLimits.idCharacters).contains(rest.count)
      && rest.allSatisfy(isLetterOrDigit)
    guard isSound else {
      throw ValidationError(field, "malformed", "A user id is user_ and letters or digits.")
    }
    return id
  }

  /// A username in normalization form C: letters, digits, marks and `_ - . ~ '`.
  package static func username(_ username: String) throws(ValidationError) -> String {
    let username = TextRules.composed(username)
    try TextRules.check(username, "username", characters: 1...UserLimits.usernameCharacters)
    guard TextRules.folded(username).utf8.count <= UserLimits.foldedUsernameBytes else {
      throw ValidationError(
        "username",
        "too-long",
        "At most \(UserLimits.foldedUsernameBytes) bytes are allowed."
      )
    }
    guard username.unicodeScalars.allSatisfy(isNameScalar) else {
      throw ValidationError(
        "username",
        "malformed",
        "A username holds letters, digits and _ - . ~ ' only."
      )
    }
    // A path segment of dots is another place to every client.
    guard username.utf8.contains(where: { $0 != UInt8(ascii: ".") }) else {
      throw ValidationError("username", "malformed", "A username is not dots alone.")
    }
    return username
  }

  /// A display name.
  package static func displayName(_ name: String) throws(ValidationError) -> String {
    try TextRules.check(name, "displayName", characters: 0...UserLimits.displayNameCharacters)
    return name
  }

  /// A bio.
  package static func bio(_ bio: String) throws(ValidationError) -> String {
    try TextRules.check(bio, "bio", bytes: 0...UserLimits.bioBytes, controls: .lines)
    return bio
  }

  /// The address of a picture: http, https or empty.
  package static func image(_ image: String) throws(ValidationError) -> String {
    try TextRules.check(image, "image", bytes: 0...UserLimits.imageBytes)
    let lower = image.lowercased()
    guard image.isEmpty || lower.hasPrefix("https://") || lower.hasPrefix("http://") else {
      throw ValidationError("image", "malformed", "A picture's address is http or https.")
    }
    return image
  }

  private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "A")...UInt8(ascii: "Z"):
      true
    default: false
    }
  }

  private static func isNameScalar(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "_", "-", ".", "~", "'": true
    default:
      switch scalar.properties.generalCategory {
      case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter,
        .nonspacingMark, .spacingMark, .decimalNumber, .letterNumber:
        true
      default: false
      }
    }
  }
}
