/// Rows in key order, as a value: a copy is a snapshot and costs nothing until one is changed.
///
/// Two levels: chunks of at most `chunkRows` rows, so that an insertion moves few rows and a
/// change after a snapshot copies one chunk and the list of chunks.
struct SortedRows: Sendable {
  /// Splits beyond it; moving half of so few small rows is cheaper than a deeper tree.
  private static let chunkRows = 256

  /// What a row takes beside its bytes: itself, and the heads of its two arrays.
  private static let rowBytes = 96

  private var chunks: [[ReadModelRow]] = []
  /// About how many bytes of memory the rows take.
  private(set) var bytes = 0

  /// The value of a key.
  func value(of key: [UInt8]) -> [UInt8]? {
    guard let place = find(key), place.isHit else { return nil }
    return chunks[place.chunk][place.row].value
  }

  /// Sets a key.
  mutating func set(_ key: [UInt8], _ value: [UInt8]) {
    let row = ReadModelRow(key: key, value: value)
    guard let place = find(key) else {
      chunks.append([row])
      bytes += Self.bytes(of: row)
      return
    }
    if place.isHit {
      bytes += value.count - chunks[place.chunk][place.row].value.count
      chunks[place.chunk][place.row] = row
      return
    }
    bytes += Self.bytes(of: row)
    chunks[place.chunk].insert(row, at: place.row)
    guard chunks[place.chunk].count > Self.chunkRows else { return }
    let upper = Array(chunks[place.chunk][(Self.chunkRows / 2)...])
    chunks[place.chunk].removeSubrange((Self.chunkRows / 2)...)
    chunks.insert(upper, at: place.chunk + 1)
  }

  /// Deletes a key.
  mutating func remove(_ key: [UInt8]) {
    guard let place = find(key), place.isHit else { return }
    bytes -= Self.bytes(of: chunks[place.chunk].remove(at: place.row))
    if chunks[place.chunk].isEmpty { chunks.remove(at: place.chunk) }
  }

  /// At most `limit` rows of a range.
  func rows(_ range: RowRange, isBackward: Bool, limit: Int) -> [ReadModelRow] {
    var found: [ReadModelRow] = []
    if isBackward {
      guard var place = range.to.map({ find($0) }) ?? end else { return [] }
      while found.count < limit, let previous = before(place) {
        let row = chunks[previous.chunk][previous.row]
        guard !row.key.lexicographicallyPrecedes(range.from) else { break }
        found.append(row)
        place = previous
      }
      return found
    }
    guard let start = find(range.from) else { return [] }
    var (chunk, index) = (start.chunk, start.row)
    while found.count < limit, chunk < chunks.count {
      guard index < chunks[chunk].count else {
        chunk += 1
        index = 0
        continue
      }
      let row = chunks[chunk][index]
      if let to = range.to, !row.key.lexicographicallyPrecedes(to) { break }
      found.append(row)
      index += 1
    }
    return found
  }

  private static func bytes(of row: ReadModelRow) -> Int {
    row.key.count + row.value.count + rowBytes
  }

  private struct Place {
    var chunk: Int
    var row: Int
    var isHit: Bool
  }

  private var end: Place? {
    chunks.last.map { Place(chunk: chunks.count - 1, row: $0.count, isHit: false) }
  }

  private func before(_ place: Place) -> Place? {
    if place.row > 0 { return Place(chunk: place.chunk, row: place.row - 1, isHit: true) }
    guard place.chunk > 0 else { return nil }
    return Place(chunk: place.chunk - 1, row: chunks[place.chunk - 1].count - 1, isHit: true)
  }

  /// Where a key is, or where it belongs; nil if there is no chunk at all.
  private func find(_ key: [UInt8]) -> Place? {
    guard !chunks.isEmpty else { return nil }
    // The last chunk whose first key is not beyond the key.
    var (low, high) = (0, chunks.count)
    while high - low > 1 {
      let middle = (low + high) / 2
      if key.lexicographicallyPrecedes(chunks[middle][0].key) {
        high = middle
      } else {
        low = middle
      }
    }
    let chunk = chunks[low]
    var (first, last) = (0, chunk.count)
    while first < last {
      let middle = (first + last) / 2
      if chunk[middle].key.lexicographicallyPrecedes(key) {
        first = middle + 1
      } else {
        last = middle
      }
    }
    let isHit = first < chunk.count && chunk[first].key == key
    return Place(chunk: low, row: first, isHit: isHit)
  }
}
