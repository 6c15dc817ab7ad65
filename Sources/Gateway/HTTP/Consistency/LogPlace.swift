/// A position together with the log it is of, as clients carry it: `<log id>.<position>`.
package struct LogPlace: Sendable, Equatable {
  /// The log's id and epoch as text.
  package let log: String
  /// The position in it.
  package let position: UInt64

  /// Makes a place.
  package init(log: String, position: UInt64) {
    self.log = log
    self.position = position
  }

  /// Reads a place; the position stands behind the last point.
  package init(_ text: String, name: String) throws(Problem) {
    let plain = text.trimmed
    guard plain.utf8.count <= 128, let point = plain.lastIndex(of: "."), point != plain.startIndex,
      let position = UInt64(plain[plain.index(after: point)...]), position <= UInt64(Int64.max)
    else {
      throw Problem(
        .malformedRequest,
        "A position is written as the gateway gave it.",
        pointer: name
      )
    }
    self.init(log: String(plain[..<point]), position: position)
  }

  /// As clients carry it.
  package var text: String { "\(log).\(position)" }
}
