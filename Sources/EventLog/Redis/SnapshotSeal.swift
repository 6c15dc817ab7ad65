internal import Crypto
internal import EventLogCore

// A snapshot as Redis keeps it, format 1. Integers are big-endian.
//
//   key     "wordweave:1:" ‖ mark of the secret (8 hex) ‖ ":" log (UUID) ‖ ":" epoch ‖ ":" name of the
//           shape ‖ ":" version of the shape (hex) ‖ ":" stream
//   value    4  magic "WSN1"
//            4  CRC-32C of everything after this field and before the code
//            8  revision
//            8  position
//           16  id of the event at that revision
//            …  state
//           32  code: HMAC-SHA-256 over the length of the key (4), the key, and the value before it
//
// The checksum tells damage from forgery, for people. The code alone decides: it covers the key, so
// that a value is worth nothing under another one. The mark keeps installations with different secrets
// apart, which would take each other's snapshots for forged.

/// Seals snapshots into values of a Redis that is not trusted, and opens them.
struct SnapshotSeal: Sendable {
  /// Why a value is not used.
  enum Refusal: Error, Equatable {
    /// Bytes were changed or lost.
    case damaged
    /// The bytes are whole, and were not sealed under this key by this secret.
    case forged
  }

  /// The fields before the state.
  static let headerBytes = 40
  /// The fields that tell the revision: what is read to find out whether a value is newer.
  static let revisionBytes = 16
  private static let magic = Array("WSN1".utf8)
  private static let checkedFrom = 8
  private static let codeBytes = 32

  private let secret: SymmetricKey
  private let mark: String

  init(secret: [UInt8]) {
    self.secret = SymmetricKey(data: secret)
    mark = SHA256.hash(data: Array("wordweave snapshots mark ".utf8) + secret).prefix(4)
      .map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  func key(_ key: SnapshotKey) -> [UInt8] {
    let version = String(key.shape.version, radix: 16)
    return Array(
      "wordweave:1:\(mark):\(key.log):\(key.epoch):\(key.shape.name):\(version):\(key.stream.text)"
        .utf8
    )
  }

  func seal(_ snapshot: Snapshot) -> [UInt8] {
    var checked: [UInt8] = []
    checked.reserveCapacity(Self.headerBytes + snapshot.state.count)
    checked.append(bigEndian: snapshot.revision.number)
    checked.append(bigEndian: snapshot.position.number)
    checked.append(bigEndian: snapshot.eventID.high)
    checked.append(bigEndian: snapshot.eventID.low)
    checked += snapshot.state
    var value = Self.magic
    value.append(bigEndian: checked.withUnsafeBytes { Checksum.crc32c($0) })
    value += checked
    let code = HMAC<SHA256>.authenticationCode(for: signed(value, key(snapshot.key)), using: secret)
    value += code
    return value
  }

  func open(_ value: [UInt8], for key: SnapshotKey) throws(Refusal) -> Snapshot {
    let end = value.count - Self.codeBytes
    guard end >= Self.headerBytes, value.starts(with: Self.magic) else { throw .damaged }
    let checksum = value.withUnsafeBytes { bytes in
      Checksum.crc32c(UnsafeRawBufferPointer(rebasing: bytes[Self.checkedFrom..<end]))
    }
    guard number(value, 4, UInt32.self) == checksum else { throw .damaged }
    guard
      HMAC<SHA256>.isValidAuthenticationCode(
        Array(value[end...]),
        authenticating: signed(Array(value[..<end]), self.key(key)),
        using: secret
      )
    else { throw .forged }
    return Snapshot(
      key: key,
      revision: StreamRevision(number(value, 8)),
      position: GlobalPosition(number(value, 16)),
      eventID: EventID(high: number(value, 24), low: number(value, 32)),
      state: Array(value[Self.headerBytes..<end])
    )
  }

  /// The revision that the beginning of a value claims; nil if it is none.
  func claimedRevision(_ beginning: [UInt8]) -> StreamRevision? {
    guard beginning.count >= Self.revisionBytes, beginning.starts(with: Self.magic) else {
      return nil
    }
    return StreamRevision(number(beginning, 8))
  }

  private func signed(_ value: [UInt8], _ key: [UInt8]) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(4 + key.count + value.count)
    bytes.append(bigEndian: UInt32(key.count))
    bytes += key
    bytes += value
    return bytes
  }

  private func number<Number: FixedWidthInteger>(
    _ bytes: [UInt8],
    _ place: Int,
    _ type: Number.Type = UInt64.self
  ) -> Number {
    bytes.withUnsafeBytes { $0.bigEndian(type, at: place) }
  }
}
