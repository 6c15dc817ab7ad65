internal import EventLogCore
internal import Glibc
internal import Synchronization

/// A small file that tells the highest position ever answered, so that an opening notices when
/// answered events are gone (law L43).
///
/// Form: head (8), log epoch (8), CRC-32C of both (4), big-endian. It is written after each sync
/// and not synced itself: never ahead of the data, at worst behind.
///
/// While it is open it also locks the log, before the database does: only so can an opening look
/// at the database without writing to it.
final class AnsweredMark: Sendable {
  static let bytes = 20
  private let file: Mutex<Int32>

  struct Value: Equatable {
    let head: UInt64
    let epoch: UInt64

    /// Whether more was answered than a log holds that ends at `head` in `epoch`.
    ///
    /// A mark of an earlier epoch says nothing: the log was shortened knowingly since.
    func tellsOfMore(than head: UInt64, epoch: UInt64) -> Bool {
      self.epoch > epoch || (self.epoch == epoch && self.head > head)
    }
  }

  private init(_ file: Int32) { self.file = Mutex(file) }

  /// Opens or makes the file.
  ///
  /// - Throws: `.locked` if another process, or this one, has it open.
  static func open(_ path: String) throws(EventLogError) -> AnsweredMark {
    let file = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw .unavailable("open \(path): errno \(errno)") }
    let mark = AnsweredMark(file)
    // By open file, not by process as `fcntl` does: a second opener in this process counts too.
    guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
      let code = errno
      guard code == EWOULDBLOCK else { throw .unavailable("lock \(path): errno \(code)") }
      throw .locked("another process, or this one, has the log of \(path) open")
    }
    return mark
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
      guard file >= 0 else { return }
      // A child process that is being started holds the open file, too, until it runs.
      flock(file, LOCK_UN)
      _ = Glibc.close(file)
      file = -1
    }
  }

  deinit { close() }
}
