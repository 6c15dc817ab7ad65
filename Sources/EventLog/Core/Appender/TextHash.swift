internal import Glibc

// The 128-bit hash of a type, tag or stream name: MurmurHash3_x64_128 by Austin Appleby (public
// domain), little-endian blocks, with the 32-bit seeds below. It is part of the stored form of
// the embedded log, so it never changes. It finds candidates only: two texts with one hash are
// told apart by their bytes wherever it matters (law L11).

/// A 128-bit hash of a text's bytes.
package struct TextHash: Hashable, Sendable {
  package let high: UInt64
  package let low: UInt64

  /// What the text is: one text as type and as tag has two hashes.
  package enum Kind: UInt64 {
    case type = 0
    case tag = 1
    case name = 2
  }

  package init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// Hashes the UTF-8 bytes of `text`.
  package init(_ text: String, as kind: Kind) {
    self = text.withBytes { TextHash($0, seed: kind.rawValue) }
  }

  /// Hashes `bytes`.
  package init(_ bytes: UnsafeRawBufferPointer, seed: UInt64) {
    let c1: UInt64 = 0x87C3_7B91_1142_53D5
    let c2: UInt64 = 0x4CF5_AD43_2745_937F
    var h1 = seed
    var h2 = seed
    var index = 0
    while index + 16 <= bytes.count {
      h1 ^= Self.rotate(bytes.littleEndian(UInt64.self, at: index) &* c1, 31) &* c2
      h1 = (Self.rotate(h1, 27) &+ h2) &* 5 &+ 0x52DC_E729
      h2 ^= Self.rotate(bytes.littleEndian(UInt64.self, at: index + 8) &* c2, 33) &* c1
      h2 = (Self.rotate(h2, 31) &+ h1) &* 5 &+ 0x3849_5AB5
      index += 16
    }
    var k1: UInt64 = 0
    var k2: UInt64 = 0
    var shift: UInt64 = 0
    while index < bytes.count {
      if shift < 64 {
        k1 |= UInt64(bytes[index]) << shift
      } else {
        k2 |= UInt64(bytes[index]) << (shift - 64)
      }
      shift += 8
      index += 1
    }
    h2 ^= Self.rotate(k2 &* c2, 33) &* c1
    h1 ^= Self.rotate(k1 &* c1, 31) &* c2
    h1 ^= UInt64(bytes.count)
    h2 ^= UInt64(bytes.count)
    h1 &+= h2
    h2 &+= h1
    h1 = Self.mix(h1)
    h2 = Self.mix(h2)
    h1 &+= h2
    h2 &+= h1
    high = h1
    low = h2
  }

  package func hash(into hasher: inout Hasher) { hasher.combine(low) }

  private static func rotate(_ value: UInt64, _ count: UInt64) -> UInt64 {
    value << count | value >> (64 - count)
  }

  private static func mix(_ value: UInt64) -> UInt64 {
    var value = value
    value ^= value >> 33
    value &*= 0xFF51_AFD7_ED55_8CCD
    value ^= value >> 33
    value &*= 0xC4CE_B9FE_1A85_EC53
    return value ^ value >> 33
  }
}

extension String {
  /// Lends the UTF-8 bytes without copying them where the text is stored as such.
  package func withBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
    let direct = try utf8.withContiguousStorageIfAvailable { bytes in
      try body(UnsafeRawBufferPointer(bytes))
    }
    if let direct { return direct }
    return try Array(utf8).withUnsafeBytes(body)
  }

  /// Whether both texts have the same bytes; `==` would also hold for other spellings of them.
  package func hasSameBytes(as other: String) -> Bool {
    withBytes { mine in other.withBytes { mine.hasSameBytes(as: $0) } }
  }
}

extension UnsafeRawBufferPointer {
  package func hasSameBytes(as other: UnsafeRawBufferPointer) -> Bool {
    guard count == other.count else { return false }
    guard let mine = baseAddress, let theirs = other.baseAddress else { return true }
    return memcmp(mine, theirs, count) == 0
  }
}
