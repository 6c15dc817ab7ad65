/// A table in Markdown whose columns line up in a terminal too.
struct Table: Sendable {
  private var rows: [[String]]
  private var notes: [String] = []

  init(_ headings: String...) { rows = [headings] }

  mutating func add(_ cells: String...) { rows.append(cells) }
  mutating func note(_ sentence: String) { notes.append(sentence) }

  var text: String {
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    func line(_ cells: [String]) -> String {
      let padded = zip(cells, widths).map { cell, width in
        cell + String(repeating: " ", count: width - cell.count)
      }
      return "| " + padded.joined(separator: " | ") + " |"
    }
    let rule =
      "|" + widths.map { String(repeating: "-", count: $0 + 2) }.joined(separator: "|") + "|"
    return ([line(rows[0]), rule] + rows.dropFirst().map(line) + notes).joined(separator: "\n")
  }
}

/// Numbers as a reader takes them in: three digits that matter, thousands apart.
enum Text {
  static func rate(_ value: Double) -> String {
    let digits = String(Int(value.rounded()))
    var text = ""
    for (place, digit) in digits.enumerated() {
      if place > 0, (digits.count - place).isMultiple(of: 3) { text += "," }
      text.append(digit)
    }
    return text
  }

  static func ratio(_ value: Double) -> String { decimals(value, 2) }
  static func milliseconds(_ microseconds: Double) -> String { decimals(microseconds / 1000, 2) }
  static func mebibytes(_ bytes: Int) -> String { decimals(Double(bytes) / 1_048_576, 1) }

  static func span(_ span: (least: Double, most: Double)) -> String {
    "\(rate(span.least))–\(rate(span.most))"
  }

  private static func decimals(_ value: Double, _ places: Int) -> String {
    var scale = 1.0
    for _ in 0..<places { scale *= 10 }
    let whole = Int((value * scale).rounded())
    let fraction = String(abs(whole) % Int(scale))
    let zeros = String(repeating: "0", count: places - fraction.count)
    return "\(whole < 0 ? "-" : "")\(abs(whole) / Int(scale)).\(zeros)\(fraction)"
  }
}
