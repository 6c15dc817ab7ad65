internal import EventLogCore
internal import Foundation
internal import Schemas

/// Where a listing goes on, as callers carry it: opaque to them, checked by us.
///
/// It holds the log epoch, the direction, a digest of what was asked and the place. It does not
/// expire.
struct PageToken {
  // version (1) · direction (1) · log epoch (8) · digest (8) · place (8) · CRC-32C (4)
  private static let version: UInt8 = 1
  private static let byteCount = 30

  let identity: LogIdentity
  let direction: Direction
  let digest: QueryDigest

  private var prefix: [UInt8] {
    var bytes: [UInt8] = [Self.version, direction == .forward ? 0 : 1]
    bytes.append(bigEndian: identity.epoch)
    bytes.append(bigEndian: digest.value)
    return bytes
  }

  /// The token of a place.
  func bytes(_ place: UInt64) -> Data {
    var bytes = prefix
    bytes.append(bigEndian: place)
    bytes.append(bigEndian: bytes.withUnsafeBytes(Checksum.crc32c))
    return Data(bytes)
  }

  /// The place that a token names.
  ///
  /// - Throws: `.invalid` for what is no token, or one of another read.
  func place(in token: Data) throws(EventLogError) -> UInt64 {
    let bytes = [UInt8](token)
    guard bytes.count == Self.byteCount, Self.isSound(bytes) else {
      throw .invalid("this is no page token")
    }
    guard bytes.starts(with: prefix) else {
      throw .invalid("the page token belongs to another read, or to the log before a restore")
    }
    return bytes.withUnsafeBytes { $0.bigEndian(UInt64.self, at: Self.byteCount - 12) }
  }

  private static func isSound(_ bytes: [UInt8]) -> Bool {
    bytes.withUnsafeBytes { bytes in
      let end = byteCount - 4
      let content = UnsafeRawBufferPointer(rebasing: bytes[..<end])
      return bytes.bigEndian(UInt32.self, at: end) == Checksum.crc32c(content)
    }
  }
}

/// A number that tells one question from another: FNV-1a over texts, each with its length.
struct QueryDigest {
  private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

  mutating func feed(_ text: String) {
    let count = UInt64(text.utf8.count)
    for shift in 0..<UInt64(8) { feed(UInt8(truncatingIfNeeded: count >> (8 * shift))) }
    for byte in text.utf8 { feed(byte) }
  }

  private mutating func feed(_ byte: UInt8) {
    value = (value ^ UInt64(byte)) &* 0x100_0000_01B3
  }
}
