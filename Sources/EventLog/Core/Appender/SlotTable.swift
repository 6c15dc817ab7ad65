/// Finds places in somebody's array by the hash of what lies there: open addressing with linear
/// probing, four bytes a cell, at most half full.
///
/// It knows no keys: its owner compares, and tells hashes again when cells move together.
struct SlotTable: Sendable {
  /// A slot and 1; 0 for a free cell.
  private var cells: [UInt32]
  private var shift: UInt64
  private let seed: (UInt64, UInt64)

  /// Makes a table for at most `count` slots.
  init(for count: Int) {
    var bits: UInt64 = 4
    while 1 << bits < 2 * count { bits += 1 }
    cells = Array(repeating: 0, count: 1 << bits)
    shift = 64 - bits
    seed = Self.processSeed
  }

  /// How many slots it has room for.
  var capacity: Int { cells.count / 2 }

  /// Forgets everything.
  mutating func removeAll() {
    for index in cells.indices { cells[index] = 0 }
  }

  /// Adds a slot, whatever is there already.
  mutating func insert(_ slot: Int, _ id: EventID) {
    let mask = cells.count - 1
    var cell = home(of: id)
    cells.withUnsafeMutableBufferPointer { cells in
      while cells[cell] != 0 { cell = (cell + 1) & mask }
      cells[cell] = UInt32(slot + 1)
    }
  }

  /// The slot at which `ids` holds `id`.
  func slot(of id: EventID, in ids: [EventID]) -> Int? {
    let mask = cells.count - 1
    var cell = home(of: id)
    return cells.withUnsafeBufferPointer { cells in
      while cells[cell] != 0 {
        let slot = Int(cells[cell]) - 1
        if ids[slot] == id { return slot }
        cell = (cell + 1) & mask
      }
      return nil
    }
  }

  /// Removes a slot and moves together what its cell kept apart.
  mutating func remove(_ slot: Int, _ ids: [EventID]) {
    let mask = cells.count - 1
    var hole = home(of: ids[slot])
    while cells[hole] != UInt32(slot + 1) {
      guard cells[hole] != 0 else { return }
      hole = (hole + 1) & mask
    }
    var cell = (hole + 1) & mask
    while cells[cell] != 0 {
      let home = home(of: ids[Int(cells[cell]) - 1])
      // It may move into the hole unless its home lies behind the hole.
      if (cell - home) & mask >= (cell - hole) & mask {
        cells[hole] = cells[cell]
        hole = cell
      }
      cell = (cell + 1) & mask
    }
    cells[hole] = 0
  }

  /// Chosen anew by each process, so that nobody can choose ids that meet in one cell.
  private static let processSeed = (UInt64.random(in: 1...(.max)), UInt64.random(in: 1...(.max)))

  private func home(of id: EventID) -> Int {
    let product = (id.high ^ seed.0).multipliedFullWidth(by: id.low ^ seed.1)
    return Int(truncatingIfNeeded: ((product.high ^ product.low) &* 0x9E37_79B9_7F4A_7C15) >> shift)
  }
}
