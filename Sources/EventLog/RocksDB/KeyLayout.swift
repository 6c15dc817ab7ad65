internal import EventLogCore

// The stored form of the embedded log, format 3. Integers in keys and values are big-endian, so
// that keys order as numbers do; the envelope is its own format (see Envelope).
//
//   family    key                              value
//   events    position (8)                     envelope
//   streams   name, 00, last revision (8)      last position (8), length (see StreamRun)
//   heads     name                             flags (1), last (8), first (8), touched at (8)
//   types     hash of type (16), position (8)  the positions before it (see PostingGroup)
//   tags      hash of tag (16), position (8)   the same
//   ids       id (16)                          position (8), of ids that do not name their event's
//                                              position themselves (see EventID)
//   tracking  source                           position (8)
//   meta      "format"                         format (4)
//             "log"                            log id (16), log epoch (8), ends of the epochs
//                                              before (8 each), the oldest first
//             "streams"                  how many streams were ever written (8)
//             "removed/", name                 as in heads: the streams that lost events
//
// flags of heads: 1 has a last revision, 2 tombstoned. Hashes: see TextHash. Names hold no NUL,
// so that no name's keys lie among another's. The folder of a log:
//
//   store/     the database
//   answered   the answered mark (see AnsweredMark)
//   restored   is there in a backup until it is opened: the next opening starts a new log epoch

/// The number of the stored form.
let storedFormat: UInt32 = 3

/// The oldest form that is read, and is written on in the newest.
///
/// Format 1 had a row for each event in the indexes; such rows are rows of format 2. Up to format 2
/// no id named a position; all had rows, which are found as others are.
let oldestFormat: UInt32 = 1

enum FamilyName {
  static let events = "events"
  static let streams = "streams"
  static let heads = "heads"
  static let types = "types"
  static let tags = "tags"
  static let ids = "ids"
  static let tracking = "tracking"
  static let meta = "meta"
}

enum MetaKey {
  static let format = Array("format".utf8)
  static let log = Array("log".utf8)
  static let streams = Array("streams".utf8)
  static let removed = Array("removed/".utf8)
}

/// Makes keys.
enum Key {
  static func number(_ number: UInt64) -> [UInt8] {
    var key: [UInt8] = []
    key.reserveCapacity(8)
    key.append(bigEndian: number)
    return key
  }

  static func revision(_ revision: UInt64, of stream: NameKey) -> [UInt8] {
    var key: [UInt8] = []
    key.reserveCapacity(stream.text.utf8.count + 9)
    key.append(contentsOf: stream.text.utf8)
    key.append(0)
    key.append(bigEndian: revision)
    return key
  }

  static func posting(_ hash: TextHash, _ position: UInt64) -> [UInt8] {
    var key: [UInt8] = []
    key.reserveCapacity(25)
    key.append(bigEndian: hash.high)
    key.append(bigEndian: hash.low)
    key.append(bigEndian: position)
    return key
  }

  static func id(_ id: EventID) -> [UInt8] {
    var key: [UInt8] = []
    key.reserveCapacity(16)
    key.append(bigEndian: id.high)
    key.append(bigEndian: id.low)
    return key
  }
}

extension StreamHead {
  private enum Flag {
    static let hasLast: UInt8 = 1
    static let tombstoned: UInt8 = 2
  }

  /// The stored form.
  var stored: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(25)
    bytes.append((last == nil ? 0 : Flag.hasLast) | (isTombstoned ? Flag.tombstoned : 0))
    bytes.append(bigEndian: last ?? 0)
    bytes.append(bigEndian: first)
    bytes.append(bigEndian: touchedAt)
    return bytes
  }

  init?(stored bytes: UnsafeRawBufferPointer) {
    guard bytes.count == 25 else { return nil }
    self.init(
      last: bytes[0] & Flag.hasLast != 0 ? bytes.bigEndian(UInt64.self, at: 1) : nil,
      first: bytes.bigEndian(UInt64.self, at: 9),
      isTombstoned: bytes[0] & Flag.tombstoned != 0,
      touchedAt: bytes.bigEndian(UInt64.self, at: 17)
    )
  }
}
