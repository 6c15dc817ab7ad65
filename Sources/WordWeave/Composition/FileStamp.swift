internal import Glibc

/// Which writing of a file this is: another one has another stamp.
struct FileStamp: Hashable, Sendable {
  private let seconds: Int
  private let nanoseconds: Int
  // Another owner or mode is another stamp too: it says who may read what was written.
  private let changeSeconds: Int
  private let changeNanoseconds: Int
  private let inode: UInt64

  /// The stamp of a file; nil if there is none.
  init?(_ path: String) {
    var found = stat()
    guard stat(path, &found) == 0 else { return nil }
    seconds = found.st_mtim.tv_sec
    nanoseconds = found.st_mtim.tv_nsec
    changeSeconds = found.st_ctim.tv_sec
    changeNanoseconds = found.st_ctim.tv_nsec
    inode = UInt64(found.st_ino)
  }
}
