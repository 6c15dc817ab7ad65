internal import EventLogCore

/// What the store knows of one projection: its generations, which of them is read, and how far a
/// rebuild is.
struct ProjectionRow: Hashable, Sendable {
  /// One filling of the read model.
  struct Generation: Hashable, Sendable {
    /// Unique in the store.
    var number: UInt32
    /// The version of the projection that fills it.
    var version: Int
    /// Whether it once reached the head of the log; before, reads of it would miss what is old.
    var isFilled: Bool
  }

  private static let format: UInt8 = 1

  /// Those whose rows are kept.
  var generations: [Generation] = []
  /// The one that is read; 0 before there is any.
  var live: UInt32 = 0
  /// The one that was read before; 0 if there is none.
  var previous: UInt32 = 0
  /// The rebuild that goes on or went last.
  var rebuild = RebuildMachine()

  init() {}

  func generation(_ number: UInt32) -> Generation? {
    generations.first { $0.number == number }
  }

  /// Forgets every generation that is not live, previous, or filled by a rebuild that goes on.
  mutating func dropUnused() {
    let shadow = rebuild.phase.isRunning ? rebuild.shadow : 0
    generations.removeAll { ![live, previous, shadow].contains($0.number) }
  }

  var row: [UInt8] {
    var row = RowWriter(format: Self.format)
    row.put(live)
    row.put(previous)
    row.put(UInt32(generations.count))
    for generation in generations {
      row.put(generation.number)
      row.put(Int64(generation.version))
      row.put(generation.isFilled)
    }
    row.put(rebuild.phase.rawValue)
    row.put(rebuild.shadow)
    row.put(rebuild.reason)
    row.put(rebuild.started)
    row.put(rebuild.changed)
    row.put(rebuild.position)
    row.put(rebuild.comparison.rawValue)
    return row.bytes
  }

  init(row bytes: [UInt8]) throws(ReadModelError) {
    var row = try RowReader(bytes, format: Self.format, row: "a projection")
    live = try row.number()
    previous = try row.number()
    for _ in 0..<(try row.number(UInt32.self)) {
      generations.append(
        Generation(
          number: try row.number(),
          version: Int(try row.number(Int64.self)),
          isFilled: try row.flag()
        )
      )
    }
    rebuild = RebuildMachine(
      phase: try row.value(),
      shadow: try row.number(),
      reason: try row.text(),
      started: try row.time(),
      changed: try row.time(),
      position: try row.position(),
      comparison: try row.value()
    )
  }
}
