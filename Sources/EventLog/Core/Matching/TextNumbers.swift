/// Numbers the distinct texts of a query from 0 and finds them by their bytes: open addressing with
/// linear probing, at most half full.
///
/// Whoever asks chooses the texts. So they are hashed with the process's own secret (`Hasher`) and
/// not with the hash that the log stores, of which anybody can compute texts that meet.
struct TextNumbers: Sendable {
  /// All texts, one after the other, and where each ends.
  private var bytes: [UInt8] = []
  private var ends: [Int] = []
  private var hashes: [Int] = []
  /// A number and 1; 0 for a free cell.
  private var cells: [UInt32]

  /// Makes a table for at most `count` texts.
  init(for count: Int) {
    var size = 16
    while size < 2 * count { size *= 2 }
    cells = Array(repeating: 0, count: size)
  }

  /// How many texts there are.
  var count: Int { ends.count }

  /// The number of `text`, which is a new one if it was not there.
  mutating func insert(_ text: String) -> Int { text.withBytes { insert($0) } }

  private mutating func insert(_ text: UnsafeRawBufferPointer) -> Int {
    let hash = Self.hash(of: text)
    let (number, cell) = look(for: text, hash)
    if let number { return number }
    bytes.append(contentsOf: text)
    ends.append(bytes.count)
    hashes.append(hash)
    cells[cell] = UInt32(ends.count)
    return ends.count - 1
  }

  /// The number of the text with these bytes; nil if it is none of them.
  func number(of text: UnsafeRawBufferPointer) -> Int? {
    guard !ends.isEmpty else { return nil }
    return look(for: text, Self.hash(of: text)).number
  }

  /// The number of a text, or the free cell that it would be found by.
  private func look(
    for text: UnsafeRawBufferPointer,
    _ hash: Int
  ) -> (number: Int?, cell: Int) {
    let mask = cells.count - 1
    var cell = hash & mask
    while cells[cell] != 0 {
      let number = Int(cells[cell]) - 1
      if hashes[number] == hash, isEqual(number, text) { return (number, cell) }
      cell = (cell + 1) & mask
    }
    return (nil, cell)
  }

  private func isEqual(_ number: Int, _ text: UnsafeRawBufferPointer) -> Bool {
    let begin = number == 0 ? 0 : ends[number - 1]
    return bytes.withUnsafeBytes { bytes in
      UnsafeRawBufferPointer(rebasing: bytes[begin..<ends[number]]).hasSameBytes(as: text)
    }
  }

  private static func hash(of text: UnsafeRawBufferPointer) -> Int {
    var hasher = Hasher()
    hasher.combine(bytes: text)
    return hasher.finalize()
  }
}
