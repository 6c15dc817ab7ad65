/// Rows under headings, in aligned columns.
struct Table {
  enum Alignment { case left, right }

  struct Column {
    let heading: String
    var alignment = Alignment.left
  }

  let columns: [Column]
  private(set) var rows: [[String]] = []

  init(_ columns: Column...) { self.columns = columns }

  mutating func add(_ cells: String...) {
    precondition(cells.count == columns.count, "a row has one cell for each column")
    rows.append(cells.map(DisplayText.harmless))
  }

  /// The lines, cut at `width` columns; nil cuts nothing.
  ///
  /// The last column gives way first.
  func lines(width: Int?) -> [String] {
    let table = [columns.map(\.heading)] + rows
    let widths = columns.indices.map { index in
      table.reduce(0) { max($0, DisplayText.width($1[index])) }
    }
    return table.map { cells in
      var line = ""
      for (index, cell) in cells.enumerated() {
        let gap = String(repeating: " ", count: widths[index] - DisplayText.width(cell))
        let isLast = index == cells.count - 1
        switch columns[index].alignment {
        case .left: line += isLast ? cell : cell + gap + "  "
        case .right: line += gap + cell + (isLast ? "" : "  ")
        }
      }
      return width.map { DisplayText.cut(line, to: $0) } ?? line
    }
  }
}

extension Console {
  /// Prints a table, with bold headings.
  func print(_ table: Table) {
    for (index, line) in table.lines(width: width).enumerated() {
      print(index == 0 ? styled(line, .bold) : line)
    }
  }
}
