internal import EventLogCore
internal import Glibc
internal import Synchronization

/// A small file that tells the highest position ever answered, so that an opening notices when
/// answered events are gone (law L43).
///
/// Form: head (8), log epoch (8), CRC-32C of both (4), big-endian. It is written after each sync
/// and not synced itself: never ahead of the data, at worst behind.
final class AnsweredMark: Sendable {
  static let bytes = 20
  private let file: Mutex<Int32>

  struct Value: Equatable {
    let head: UInt64
    let epoch: UInt64
  }

  private init(_ file: Int32) { self.file = Mutex(file) }

  /// Opens or makes the file; nil if the system refuses.
  static func open(_ path: String) -> AnsweredMark? {
    let file = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    return file < 0 ? nil : AnsweredMark(file)
  }

  /// What the file says; nil if it is empty or torn.
  var value: Value? {
    var bytes = [UInt8](repeating: 0, count: Self.bytes)
    let count = file.withLock { pread($0, &bytes, Self.bytes, 0) }
    guard count == Self.bytes else { return nil }
    return bytes.withUnsafeBytes { bytes in
      let checksum = Checksum.crc32c(UnsafeRawBufferPointer(rebasing: bytes[..<16]))
      guard bytes.bigEndian(UInt32.self, at: 16) == checksum else { return nil }
      return Value(
        head: bytes.bigEndian(UInt64.self, at: 0),
        epoch: bytes.bigEndian(UInt64.self, at: 8)
      )
    }
  }

  /// Overwrites the mark.
  ///
  /// That it failed is no failure of the commit, which is durable already.
  func write(head: UInt64, epoch: UInt64) {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(Self.bytes)
    bytes.append(bigEndian: head)
    bytes.append(bigEndian: epoch)
    bytes.append(bigEndian: bytes.withUnsafeBytes { Checksum.crc32c($0) })
    file.withLock { file in
      if file >= 0 { _ = pwrite(file, bytes, bytes.count, 0) }
    }
  }

  func close() {
    file.withLock { file in
      if file >= 0 { _ = Glibc.close(file) }
      file = -1
    }
  }

  deinit { close() }
}
