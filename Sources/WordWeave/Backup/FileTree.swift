internal import Crypto
internal import Foundation
internal import Gateway
internal import Glibc

/// The files below a folder, and copies of them that are durable.
enum FileTree {
  /// Bytes that are read at once.
  private static let chunkBytes = 1 << 20

  /// A file.
  struct Entry: Equatable {
    /// From the folder, with slashes.
    let path: String
    let bytes: UInt64
  }

  /// All files below `folder`, by path; none if there is no folder.
  ///
  /// - Throws: `CommandError` for what is neither file nor folder, a link for example.
  static func files(below folder: String) throws -> [Entry] {
    var found: [Entry] = []
    try visit(folder, "", &found)
    return found.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
  }

  private static func visit(_ root: String, _ path: String, _ found: inout [Entry]) throws {
    let place = path.isEmpty ? root : root + "/" + path
    guard let folder = opendir(place) else {
      if path.isEmpty, errno == ENOENT { return }
      throw failure("listing \(place)")
    }
    defer { closedir(folder) }
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      guard name != ".", name != ".." else { continue }
      let inner = path.isEmpty ? name : path + "/" + name
      var status = stat()
      guard lstat(root + "/" + inner, &status) == 0 else {
        // Gone meanwhile: a file that was written beside its place and renamed.
        if errno == ENOENT { continue }
        throw failure("looking at \(root)/\(inner)")
      }
      switch status.st_mode & S_IFMT {
      case S_IFDIR: try visit(root, inner, &found)
      case S_IFREG: found.append(Entry(path: inner, bytes: UInt64(max(0, status.st_size))))
      default: throw CommandError("looking at \(root)/\(inner)", found: "neither file nor folder")
      }
    }
  }

  /// The SHA-256 of a file; `onBytes` hears of each piece.
  static func digest(of path: String, onBytes: (Int) throws -> Void = { _ in }) throws -> String {
    var hash = SHA256()
    try read(path) { bytes in
      hash.update(bufferPointer: bytes)
      try onBytes(bytes.count)
    }
    return Identifier.hex(hash.finalize())
  }

  /// Copies a file, synced, and answers its SHA-256.
  static func copy(
    _ source: String,
    to target: String,
    mode: mode_t = 0o600,
    onBytes: (Int) throws -> Void = { _ in }
  ) throws -> String {
    let file = open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
    guard file >= 0 else { throw failure("writing \(target)") }
    defer { close(file) }
    var hash = SHA256()
    try read(source) { bytes in
      hash.update(bufferPointer: bytes)
      var rest = bytes
      while !rest.isEmpty {
        let count = Glibc.write(file, rest.baseAddress, rest.count)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { throw failure("writing \(target)") }
        rest = UnsafeRawBufferPointer(rebasing: rest[count...])
      }
      try onBytes(bytes.count)
    }
    guard fsync(file) == 0 else { throw failure("writing \(target)") }
    return Identifier.hex(hash.finalize())
  }

  private static func read(_ path: String, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw failure("reading \(path)") }
    defer { close(file) }
    let room = UnsafeMutableRawBufferPointer.allocate(byteCount: chunkBytes, alignment: 16)
    defer { room.deallocate() }
    while true {
      let count = Glibc.read(file, room.baseAddress, room.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw failure("reading \(path)") }
      if count == 0 { return }
      try body(UnsafeRawBufferPointer(rebasing: room[..<count]))
    }
  }

  /// Makes the folder of a path below `root`, with those above it.
  static func makeFolders(for path: String, below root: String) throws {
    var made = root
    for part in path.split(separator: "/").dropLast() {
      made += "/" + part
      try makeFolder(made)
    }
  }

  private static func makeFolder(_ path: String) throws {
    guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw failure("making \(path)") }
  }

  /// Makes the folders above `path`, which others may look into.
  static func makeParents(of path: String) throws {
    var made = path.hasPrefix("/") ? "" : "."
    for part in path.split(separator: "/").dropLast() {
      made += "/" + part
      guard mkdir(made, 0o755) == 0 || errno == EEXIST else { throw failure("making \(made)") }
    }
  }

  /// Makes a folder that nobody else may look into, whatever the umask says.
  ///
  /// - Throws: `CommandError` if there is one: its owner could be somebody else.
  static func makeOwnFolder(_ path: String) throws {
    guard mkdir(path, 0o700) == 0, chmod(path, 0o700) == 0 else {
      throw failure("making \(path)")
    }
  }

  /// Makes the names in a folder and in all below it durable.
  static func sync(below folder: String) throws {
    for name in try FileManager.default.subpathsOfDirectory(atPath: folder) {
      let path = folder + "/" + name
      var status = stat()
      if lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR { try sync(path) }
    }
    try sync(folder)
  }

  private static func sync(_ folder: String) throws {
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure("syncing \(folder)") }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw failure("syncing \(folder)") }
  }

  /// Puts a folder that is complete in its place, which must be free or an empty folder.
  static func rename(_ fresh: String, to path: String) throws {
    guard Glibc.rename(fresh, path) == 0 else { throw failure("making \(path)") }
    try sync(path + "/..")
  }

  /// Removes a folder with all that is in it.
  static func remove(_ folder: String) { try? FileManager.default.removeItem(atPath: folder) }

  /// Whether there is nothing at `path`, or an empty folder.
  static func isFree(_ path: String) -> Bool {
    var status = stat()
    guard lstat(path, &status) == 0 else { return errno == ENOENT }
    guard status.st_mode & S_IFMT == S_IFDIR else { return false }
    return (try? FileManager.default.contentsOfDirectory(atPath: path).isEmpty) ?? false
  }

  static func failure(_ attempted: String) -> CommandError {
    CommandError(attempted, found: String(cString: strerror(errno)))
  }
}
