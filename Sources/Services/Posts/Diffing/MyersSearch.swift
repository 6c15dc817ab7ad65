/// The shortest way from one list to another; see `TextDiff` for the algorithm and its bounds.
struct MyersSearch {
  /// One step, with the index of its element in the list that it comes from.
  enum Step {
    case same(Int)
    case removed(Int)
    case added(Int)
  }

  private let old: ArraySlice<Int32>
  private let new: ArraySlice<Int32>

  init(_ old: ArraySlice<Int32>, _ new: ArraySlice<Int32>) {
    self.old = old
    self.new = new
  }

  /// The steps in order; nil if they are more than `edits`, or too long to find.
  func script(edits: Int) -> [Step]? {
    if old.isEmpty { return new.indices.map { .added($0) } }
    if new.isEmpty { return old.indices.map { .removed($0) } }
    return rows(edits: edits).map(backtrack)
  }

  /// Row `d` holds, for each diagonal −d…d, how far `d` differences lead in the old list.
  private func rows(edits: Int) -> [[Int32]]? {
    let (n, m) = (old.count, new.count)
    var rows: [[Int32]] = []
    var steps = 0
    return old.withUnsafeBufferPointer { a in
      new.withUnsafeBufferPointer { b in
        for d in 0...min(edits, n + m) {
          var row = [Int32](repeating: -1, count: 2 * d + 1)
          for diagonal in stride(from: -d, through: d, by: 2) {
            // Diagonals beyond the edges lead nowhere.
            guard var x = origin(diagonal, d, after: rows.last)?.x else { continue }
            while x < n, x - diagonal < m, a[x] == b[x - diagonal] {
              x += 1
              steps += 1
            }
            row[diagonal + d] = Int32(x)
            if x == n, x - diagonal == m {
              rows.append(row)
              return rows
            }
          }
          steps += d
          guard steps <= TextDiff.steps else { return nil }
          rows.append(row)
        }
        return nil
      }
    }
  }

  /// Where a diagonal of row `d` begins: one step off the row before, the one that leads further.
  private func origin(
    _ diagonal: Int,
    _ d: Int,
    after row: [Int32]?
  ) -> (x: Int, isAddition: Bool)? {
    guard let row else { return (0, false) }
    func reach(_ diagonal: Int) -> Int {
      abs(diagonal) <= d - 1 ? Int(row[diagonal + d - 1]) : -1
    }
    // A removal moves on in the old list, an addition does not.
    let (added, removed) = (reach(diagonal + 1), reach(diagonal - 1))
    let mayAdd = added >= 0 && added - diagonal <= new.count
    let mayRemove = removed >= 0 && removed < old.count
    if mayAdd, !mayRemove || added > removed { return (added, true) }
    return mayRemove ? (removed + 1, false) : nil
  }

  private func backtrack(_ rows: [[Int32]]) -> [Step] {
    var steps: [Step] = []
    var (x, y) = (old.count, new.count)
    for d in stride(from: rows.count - 1, to: 0, by: -1) {
      let diagonal = x - y
      guard let origin = origin(diagonal, d, after: rows[d - 1]) else { break }
      while x > origin.x {
        x -= 1
        y -= 1
        steps.append(.same(old.startIndex + x))
      }
      if origin.isAddition {
        y -= 1
        steps.append(.added(new.startIndex + y))
      } else {
        x -= 1
        steps.append(.removed(old.startIndex + x))
      }
    }
    while x > 0 {
      x -= 1
      steps.append(.same(old.startIndex + x))
    }
    return steps.reversed()
  }
}
