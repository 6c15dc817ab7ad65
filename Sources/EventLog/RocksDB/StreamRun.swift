internal import EventLogCore

/// Events of one stream that follow each other in the stream and in the log: one row of the
/// index of streams.
///
/// The events of a part always do (law L3), so an append of a thousand events to a stream takes
/// one row. The key ends with the last revision, so that one seek finds the row of a revision;
/// the value is the last position and, where there is more than one event, their number − 1.
struct StreamRun {
  let lastRevision: UInt64
  let lastPosition: UInt64
  /// How many events there are before the last.
  let before: UInt64

  /// Reads a row of a stream whose name has so many bytes; nil if it is none.
  init?(key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer, nameBytes: Int) {
    guard key.count == nameBytes + 9, key[nameBytes] == 0, value.count >= 8 else { return nil }
    lastRevision = key.bigEndian(UInt64.self, at: nameBytes + 1)
    lastPosition = value.bigEndian(UInt64.self, at: 0)
    var index = 8
    before = value.count == 8 ? 0 : value.variableLength(at: &index) ?? .max
    guard index == value.count, before <= lastRevision, before < lastPosition else { return nil }
  }

  /// The revisions that the row holds.
  var revisions: ClosedRange<UInt64> { (lastRevision - before)...lastRevision }

  /// The position of a revision; nil if the row does not hold it.
  func position(of revision: UInt64) -> UInt64? {
    guard revision <= lastRevision, lastRevision - revision <= before else { return nil }
    return lastPosition - (lastRevision - revision)
  }

  /// Whether the key is one of the stream of this name.
  func isOf(_ name: [UInt8], _ key: UnsafeRawBufferPointer) -> Bool {
    name.withUnsafeBytes { name in
      UnsafeRawBufferPointer(rebasing: key[..<name.count]).hasSameBytes(as: name)
    }
  }
}
