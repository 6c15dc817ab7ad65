internal import Glibc

/// One file per account or key below a directory of mode 0700, each of mode 0600.
///
/// A file is written beside its place, synced, and renamed, so that a crash leaves the old or the
/// new one whole.
public struct FileIdentityStore: IdentityStore {
  /// Larger files are none of ours.
  private static let limit = 1 << 20
  private let root: String

  /// Keeps everything below `directory`, which is made when needed.
  public init(directory: String) throws(IdentityStoreError) {
    root = directory
    try Self.make(directory)
  }

  /// All files of a folder, by name; unfinished ones are left out.
  public func load(folder: String) throws(IdentityStoreError) -> [(name: String, bytes: [UInt8])] {
    let path = root + "/" + folder
    try Self.make(path)
    guard let directory = opendir(path) else { throw Self.failure("list", path) }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if !name.hasPrefix("."), !name.hasSuffix(".new") { names.append(name) }
    }
    var files: [(name: String, bytes: [UInt8])] = []
    for name in names.sorted() { files.append((name, try Self.read(path + "/" + name))) }
    return files
  }

  /// Writes beside, syncs, renames, syncs the folder.
  public func save(_ bytes: [UInt8], folder: String, name: String) throws(IdentityStoreError) {
    let path = "\(root)/\(folder)/\(name)"
    let new = path + ".new"
    let file = open(new, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw Self.failure("write", new) }
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes { all in
        let rest = UnsafeRawBufferPointer(rebasing: all[written...])
        return Glibc.write(file, rest.baseAddress, rest.count)
      }
      guard count > 0 else {
        let failure = Self.failure("write", new)
        close(file)
        throw failure
      }
      written += count
    }
    let isSynced = fsync(file) == 0
    guard close(file) == 0, isSynced, rename(new, path) == 0 else {
      throw Self.failure("write", path)
    }
    Self.sync("\(root)/\(folder)")
  }

  /// Removes a file.
  public func remove(folder: String, name: String) throws(IdentityStoreError) {
    let path = "\(root)/\(folder)/\(name)"
    guard unlink(path) == 0 || errno == ENOENT else { throw Self.failure("remove", path) }
    Self.sync("\(root)/\(folder)")
  }

  private static func make(_ path: String) throws(IdentityStoreError) {
    guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw failure("make", path) }
  }

  private static func read(_ path: String) throws(IdentityStoreError) -> [UInt8] {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw failure("read", path) }
    defer { close(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 64 * 1024)
    while true {
      let count = Glibc.read(file, &chunk, chunk.count)
      guard count >= 0 else { throw failure("read", path) }
      if count == 0 { return bytes }
      bytes += chunk[..<count]
      guard bytes.count <= limit else {
        throw IdentityStoreError("read \(path): it is larger than \(limit) bytes")
      }
    }
  }

  /// The rename itself is durable once its folder is.
  private static func sync(_ path: String) {
    let folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard folder >= 0 else { return }
    fsync(folder)
    close(folder)
  }

  private static func failure(_ attempted: String, _ path: String) -> IdentityStoreError {
    IdentityStoreError("\(attempted) \(path): \(String(cString: strerror(errno)))")
  }
}
