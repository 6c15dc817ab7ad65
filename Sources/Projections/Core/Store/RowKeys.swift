internal import EventLogCore
internal import MessagingCore

// Every row of a read-model store. Integers in keys are big-endian; texts end in 00 00, with 00
// written as 00 FF, so that no text imitates a boundary.
//
//   key                                                        value
//   00 'f'                                                     format of the store: one byte, 1
//   00 'g'                                                     the last generation number given, 4
//   01 · service/name                                          the projection (ProjectionRow)
//   02 · generation (4) · 01 · collection · document key       the encoded document
//   02 · generation (4) · 02 · collection · index · entry · document key    length of entry, 4
//   02 · generation (4) · 03 · counter · key                   the number, 8, lowest byte first
//   02 · generation (4) · 04 · handler · partition (2)         a lane's checkpoint
//   02 · generation (4) · 05 · handler · partition (2) · stream     a parked stream
//   02 · generation (4) · 06 · partition (2)                   the base: how far a filler came
//
// Generation numbers are given once in a store, so that two generations of one projection, two
// versions and two projections never see each other's rows, and dropping one is one range.
// Documents, indexes and counters lie side by side: what a digest covers is one range.

/// Builds the keys of the store.
enum RowKeys {
  /// What a row of a generation is.
  enum Kind: UInt8 {
    case document = 1
    case index = 2
    case counter = 3
    case checkpoint = 4
    case parked = 5
    case base = 6
  }

  /// Bytes before the kind in every key of a generation; a digest leaves them out.
  static let generationBytes = 5

  /// Whether a key is of an encoded document.
  static func isDocument(_ key: UnsafeRawBufferPointer) -> Bool {
    key.count > generationBytes && key[0] == 2 && key[generationBytes] == Kind.document.rawValue
  }

  static let format: [UInt8] = [0, UInt8(ascii: "f")]
  static let lastGeneration: [UInt8] = [0, UInt8(ascii: "g")]
  static let projections: [UInt8] = [1]

  static func projection(_ title: String) -> [UInt8] {
    projections + DocumentKey(title).bytes
  }

  static func generation(_ number: UInt32) -> [UInt8] {
    var key: [UInt8] = [2]
    key.append(bigEndian: number)
    return key
  }

  static func rows(_ kind: Kind, of generation: UInt32) -> [UInt8] {
    Self.generation(generation) + [kind.rawValue]
  }

  static func collection(_ kind: Kind, _ name: String, of generation: UInt32) -> [UInt8] {
    rows(kind, of: generation) + DocumentKey(name).bytes
  }

  static func index(_ name: String, of collection: String, in generation: UInt32) -> [UInt8] {
    Self.collection(.index, collection, of: generation) + DocumentKey(name).bytes
  }

  static func checkpoint(_ lane: LaneID, of generation: UInt32) -> [UInt8] {
    self.lane(.checkpoint, lane, of: generation)
  }

  static func parked(in lane: LaneID, of generation: UInt32) -> [UInt8] {
    self.lane(.parked, lane, of: generation)
  }

  static func parked(_ stream: StreamName, in lane: LaneID, of generation: UInt32) -> [UInt8] {
    parked(in: lane, of: generation) + DocumentKey(stream.text).bytes
  }

  static func base(of generation: UInt32, partition: Int) -> [UInt8] {
    var key = rows(.base, of: generation)
    key.append(bigEndian: UInt16(truncatingIfNeeded: partition))
    return key
  }

  /// Documents, indexes and counters of a generation.
  static func content(of generation: UInt32) -> RowRange {
    RowRange(from: rows(.document, of: generation), to: rows(.checkpoint, of: generation))
  }

  private static func lane(_ kind: Kind, _ lane: LaneID, of generation: UInt32) -> [UInt8] {
    var key = rows(kind, of: generation) + DocumentKey(lane.handler.description).bytes
    key.append(bigEndian: UInt16(truncatingIfNeeded: lane.partition))
    return key
  }
}
