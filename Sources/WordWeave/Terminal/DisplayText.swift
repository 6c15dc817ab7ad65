/// How texts fit into columns of a terminal.
enum DisplayText {
  /// Columns that `text` takes: two for East Asian wide characters and emoji, none for marks.
  static func width(_ text: String) -> Int { text.reduce(0) { $0 + width($1) } }

  static func width(_ character: Character) -> Int {
    guard let scalar = character.unicodeScalars.first else { return 0 }
    if scalar.value < 0x300 { return 1 }
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format: return 0
    default: break
    }
    if scalar.properties.isEmojiPresentation { return 2 }
    switch scalar.value {
    case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF,
      0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x20000...0x3FFFD:
      return 2
    default: return 1
    }
  }

  /// Cuts `text` to `columns`, with `…` where something is missing.
  static func cut(_ text: String, to columns: Int) -> String {
    guard width(text) > columns else { return text }
    guard columns > 0 else { return "" }
    var kept = ""
    var used = 0
    for character in text {
      let next = width(character)
      guard used + next < columns else { break }
      kept.append(character)
      used += next
    }
    return kept + "…"
  }

  /// Cuts two texts to `columns` so that where they begin to differ is shown, with `…` where something
  /// is missing.
  static func differing(
    _ first: String,
    _ second: String,
    to columns: Int
  ) -> (first: String, second: String) {
    var common = 0
    for (one, other) in zip(first, second) {
      guard one == other else { break }
      common += 1
    }
    // Half of the columns are for what differs.
    guard columns > 0, width(String(first.prefix(common))) > columns / 2,
      max(width(first), width(second)) > columns
    else { return (cut(first, to: columns), cut(second, to: columns)) }
    // No character takes more than two of them.
    let left = common - columns / 4
    return (
      cut("…\(first.dropFirst(left))", to: columns),
      cut("…\(second.dropFirst(left))", to: columns)
    )
  }

  /// Makes control characters visible: data must not steer the terminal that shows it.
  static func harmless(_ text: String) -> String {
    let isHarmless = text.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
    if isHarmless { return text }
    var shown = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar.value {
      case 0x0A: shown.append("⏎")
      case 0x09: shown.append(" ")
      case 0..<0x20: shown.append(Unicode.Scalar(0x2400 + scalar.value) ?? "·")
      case 0x7F...0x9F: shown.append("·")
      default: shown.append(scalar)
      }
    }
    return String(shown)
  }
}
