internal import EventLogCore

// A commit adds one row for each hash that its events bear, not one for each event: half of a
// commit's time went into finding places for such rows in a memtable. A row's key ends with the
// last of its positions, so that one seek finds the row that holds a position or the next one.
//
// The value tells the rest as runs of unbroken positions, from the last backwards:
//
//   length of the run − 1, then for each run before it: distance to it − 2, its length − 1
//
// as variable-length integers; a single position has an empty value.

/// The positions of one row of the indexes of types and tags.
struct PostingGroup {
  /// An unbroken run of positions.
  struct Run: Equatable {
    let first: UInt64
    var last: UInt64
  }

  /// Runs in one row at most: a reader decodes a row whole, whatever it looks for in it.
  static let mostRuns = 512

  /// Ascending; none of them touches the next.
  private(set) var runs: [Run] = []

  var first: UInt64 { runs.first?.first ?? .max }
  var last: UInt64 { runs.last?.last ?? 0 }

  /// Takes in a position behind all others; false if it needs another row.
  mutating func add(_ position: UInt64) -> Bool {
    if let index = runs.indices.last {
      if runs[index].last == position { return true }
      if runs[index].last + 1 == position {
        runs[index].last = position
        return true
      }
      guard runs.count < Self.mostRuns else { return false }
    }
    runs.append(Run(first: position, last: position))
    return true
  }

  mutating func removeAll() { runs.removeAll(keepingCapacity: true) }

  /// Appends the value of the row to `bytes`.
  func encode(into bytes: inout [UInt8]) {
    guard let last = runs.last, runs.count > 1 || last.first < last.last else { return }
    bytes.append(variableLength: last.last - last.first)
    var upper = last
    for run in runs.dropLast().reversed() {
      bytes.append(variableLength: upper.first - run.last - 2)
      bytes.append(variableLength: run.last - run.first)
      upper = run
    }
  }

  /// Reads a row anew; false if the value is none.
  mutating func decode(_ value: UnsafeRawBufferPointer, last: UInt64) -> Bool {
    runs.removeAll(keepingCapacity: true)
    guard !value.isEmpty else {
      runs.append(Run(first: last, last: last))
      return true
    }
    var index = 0
    var last = last
    while true {
      guard let length = value.variableLength(at: &index), length < last else { return false }
      runs.append(Run(first: last - length, last: last))
      guard index < value.count else { break }
      guard let distance = value.variableLength(at: &index),
        distance < last - length, last - length - distance > 2
      else { return false }
      last -= length + distance + 2
    }
    runs.reverse()
    return true
  }

  /// The first position at or behind `place`.
  func first(from place: UInt64) -> UInt64? {
    let index = firstRun { $0.last >= place }
    return index < runs.count ? max(place, runs[index].first) : nil
  }

  /// The last position at or before `place`.
  func last(upTo place: UInt64) -> UInt64? {
    let index = firstRun { $0.first > place }
    return index > 0 ? min(place, runs[index - 1].last) : nil
  }

  /// The index of the first run for which `isReached` holds; it holds for all behind it.
  private func firstRun(_ isReached: (Run) -> Bool) -> Int {
    var (low, high) = (0, runs.count)
    while low < high {
      let middle = (low + high) / 2
      if isReached(runs[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}

extension [UInt8] {
  /// Appends seven bits a byte, the lowest first; the top bit says that more follow.
  mutating func append(variableLength number: UInt64) {
    var rest = number
    while rest > 0x7F {
      append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    append(UInt8(rest))
  }
}

extension UnsafeRawBufferPointer {
  /// Reads what `append(variableLength:)` wrote and moves behind it; nil if it is not whole.
  func variableLength(at index: inout Int) -> UInt64? {
    var number: UInt64 = 0
    var shift: UInt64 = 0
    while index < count, shift < 64 {
      let byte = self[index]
      index += 1
      number |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return number }
      shift += 7
    }
    return nil
  }
}
