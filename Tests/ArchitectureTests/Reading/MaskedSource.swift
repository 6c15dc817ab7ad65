/// Swift source whose comments and string literals are replaced by spaces.
///
/// A search for code then finds code alone, and lines keep their numbers. Code inside an interpolation stays code. Regex literals are taken for code, which is enough for
/// the words that the rules look for.
struct MaskedSource {
  private(set) var text: [UInt8] = []
  private let source: [UInt8]
  private var index = 0

  static func lines(of source: String) -> [Substring] {
    var masked = MaskedSource(source: Array(source.utf8))
    masked.code(untilClosingParenthesis: false)
    return String(decoding: masked.text, as: UTF8.self)
      .split(separator: "\n", omittingEmptySubsequences: false)
  }

  private init(source: [UInt8]) {
    self.source = source
    text.reserveCapacity(source.count)
  }

  /// Whether these bytes stand here.
  ///
  /// Compared by hand: the whole project passes through it.
  private func stands(_ bytes: [UInt8]) -> Bool {
    guard source[index] == bytes[0], index + bytes.count <= source.count else { return false }
    var place = 1
    while place < bytes.count {
      if source[index + place] != bytes[place] { return false }
      place += 1
    }
    return true
  }

  private mutating func keep() {
    text.append(source[index])
    index += 1
  }

  private mutating func mask(_ count: Int = 1) {
    var left = count
    while left > 0, index < source.count {
      text.append(source[index] == Mark.newline ? Mark.newline : Mark.space)
      index += 1
      left -= 1
    }
  }

  private mutating func code(untilClosingParenthesis inside: Bool) {
    var depth = 0
    while index < source.count {
      switch source[index] {
      case Mark.slash where stands(Mark.line):
        while index < source.count, source[index] != Mark.newline { mask() }
        continue
      case Mark.slash where stands(Mark.open):
        blockComment()
        continue
      case Mark.quote, Mark.hash:
        if let hashes = hashesBeforeQuote() {
          literal(hashes: hashes)
          continue
        }
      case Mark.left: depth += 1
      case Mark.right:
        if inside, depth == 0 { return }
        depth -= 1
      default: break
      }
      keep()
    }
  }

  private mutating func blockComment() {
    var depth = 0
    repeat {
      if stands(Mark.open) {
        depth += 1
        mask(2)
      } else if stands(Mark.close) {
        depth -= 1
        mask(2)
      } else {
        mask()
      }
    } while depth > 0 && index < source.count
  }

  /// How many `#` stand here before a quotation mark; nil where no literal begins.
  private func hashesBeforeQuote() -> Int? {
    var place = index
    while place < source.count, source[place] == Mark.hash { place += 1 }
    return place < source.count && source[place] == Mark.quote ? place - index : nil
  }

  private mutating func literal(hashes: Int) {
    let fence = [UInt8](repeating: Mark.hash, count: hashes)
    mask(hashes)
    let isMultiline = stands([Mark.quote, Mark.quote, Mark.quote])
    let quotes = [UInt8](repeating: Mark.quote, count: isMultiline ? 3 : 1)
    mask(quotes.count)
    let (end, escape) = (quotes + fence, [Mark.backslash] + fence)
    while index < source.count {
      if stands(end) { return mask(end.count) }
      // A literal on one line that is not closed there is no literal (a quotation mark in a regex).
      if !isMultiline, source[index] == Mark.newline { return }
      guard stands(escape) else {
        mask()
        continue
      }
      mask(escape.count)
      guard index < source.count, source[index] == Mark.left else {
        mask()
        continue
      }
      mask()
      code(untilClosingParenthesis: true)
      mask()
    }
  }
}

private enum Mark {
  static let newline = UInt8(ascii: "\n")
  static let space = UInt8(ascii: " ")
  static let slash = UInt8(ascii: "/")
  static let backslash = UInt8(ascii: "\\")
  static let quote = UInt8(ascii: "\"")
  static let hash = UInt8(ascii: "#")
  static let left = UInt8(ascii: "(")
  static let right = UInt8(ascii: ")")
  static let line = Array("//".utf8)
  static let open = Array("/*".utf8)
  static let close = Array("*/".utf8)
}
