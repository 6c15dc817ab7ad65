public import EventLogCore

/// What a rebuild is checked against before cut-over.
public enum RebuildComparison: String, Hashable, Sendable {
  /// The live generation: both must have equal content at one position.
  ///
  /// Of a projection that folds the whole log, a difference is taken for removed events where there
  /// are any, and the rebuild checked as `itself`.
  case live
  /// Itself: its documents can be read and its indexes agree with them. For a live generation
  /// that is known to be wrong, or that has parked streams which the rebuild could apply.
  case itself
}

/// What a rebuild found of its shadow generation before it may take over, at one position.
public struct RebuildFinding: Hashable, Sendable {
  /// The live generation's content; nil where the two were not compared.
  public let live: ContentDigest?
  /// The shadow generation's content.
  public let shadow: ContentDigest

  /// Whether both were compared and are equal.
  public var isEqual: Bool { live?.bytes == shadow.bytes }
  /// Whether both were compared and differ.
  public var isDifferent: Bool { live != nil && !isEqual }
}

/// What a comparison of two generations found.
public struct GenerationComparison: Hashable, Sendable {
  /// Where both were compared.
  public let position: GlobalPosition
  /// The live generation's content.
  public let live: ContentDigest
  /// The shadow generation's content.
  public let shadow: ContentDigest
  /// What differs, at most ten cases in words; keys in hexadecimal, never values.
  public let differences: [String]

  /// Whether nothing differs.
  public var isEqual: Bool { live.bytes == shadow.bytes && differences.isEmpty }
}

extension GenerationComparison {
  /// Compares two generations as one moment shows them.
  ///
  /// Blocks.
  init(
    live: UInt32,
    shadow: UInt32,
    at position: GlobalPosition,
    in source: any ReadModelSource
  ) throws {
    self.position = position
    self.live = try ContentDigest(of: live, in: source)
    self.shadow = try ContentDigest(of: shadow, in: source)
    differences =
      self.live.bytes == self.shadow.bytes
      ? [] : try Self.differences(live: live, shadow: shadow, in: source)
  }

  private static func differences(
    live: UInt32,
    shadow: UInt32,
    in source: any ReadModelSource
  ) throws -> [String] {
    var found: [String] = []
    var left = RowCursor(ContentRows(of: live, in: source))
    var right = RowCursor(ContentRows(of: shadow, in: source))
    while found.count < FillLimits.namedDifferences {
      switch (try left.peek(), try right.peek()) {
      case (nil, nil): return found
      case (let row?, nil):
        found.append("only live has \(RowCursor.name(row))")
        left.skip()
      case (nil, let row?):
        found.append("only the shadow has \(RowCursor.name(row))")
        right.skip()
      case (let mine?, let other?):
        let (key, otherKey) = (RowCursor.key(mine), RowCursor.key(other))
        if key.elementsEqual(otherKey) {
          if mine.value != other.value { found.append("\(RowCursor.name(mine)) differs") }
          left.skip()
          right.skip()
        } else if key.lexicographicallyPrecedes(otherKey) {
          found.append("only live has \(RowCursor.name(mine))")
          left.skip()
        } else {
          found.append("only the shadow has \(RowCursor.name(other))")
          right.skip()
        }
      }
    }
    return found
  }
}

/// Walks content rows one by one.
private struct RowCursor {
  private var rows: ContentRows
  private var page: [ReadModelRow] = []
  private var index = 0

  init(_ rows: ContentRows) { self.rows = rows }

  mutating func peek() throws -> ReadModelRow? {
    if index == page.count {
      page = try rows.next()
      index = 0
    }
    return page.isEmpty ? nil : page[index]
  }

  mutating func skip() { index += 1 }

  static func key(_ row: ReadModelRow) -> ArraySlice<UInt8> {
    row.key[RowKeys.generationBytes...]
  }

  /// The kind and key of a row in words; texts in keys are shown where they are plain.
  static func name(_ row: ReadModelRow) -> String {
    let key = key(row)
    let kind: String
    switch key.first.flatMap(RowKeys.Kind.init(rawValue:)) {
    case .document: kind = "document"
    case .index: kind = "index entry"
    case .counter: kind = "counter"
    default: kind = "row"
    }
    let text = key.dropFirst().map { byte -> String in
      (0x21...0x7E).contains(byte)
        ? String(UnicodeScalar(byte)) : byte == 0 ? "·" : "\\" + String(byte, radix: 16)
    }
    return "\(kind) \(text.joined())"
  }
}
