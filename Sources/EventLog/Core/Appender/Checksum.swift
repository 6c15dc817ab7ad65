internal import CLinux

/// The checksum of stored bytes.
package enum Checksum {
  /// CRC-32C (Castagnoli).
  package static func crc32c(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    weave_crc32c(0, bytes.baseAddress, bytes.count)
  }
}
