internal import Gateway
internal import Glibc
internal import WeaveRuntime

/// Where a running system answers, and what opens its doors.
struct SystemAddress: Sendable, Equatable {
  let url: String
  let token: String?
}

/// What a data directory tells about the process that serves it.
enum ServedDirectory {
  /// The address of the live process; nil if none serves the directory.
  static func url(in directory: String) -> String? {
    guard let bytes = try? Files.read(directory + "/serve.json", limit: 4096),
      let json = try? JSONValue(parsing: bytes), let url = json["url"]?.text,
      let pid = json["pid"]?.integer.flatMap({ Int32(exactly: $0) }), pid > 0,
      isAlive(pid), isHeld(directory)
    else { return nil }
    return url
  }

  private static func isAlive(_ pid: Int32) -> Bool {
    // A process of another user answers EPERM: it lives all the same.
    kill(pid, 0) == 0 || errno == EPERM
  }

  /// Whether a process holds the directory.
  ///
  /// A killed one leaves its announcement behind, and its number may be another's by now.
  private static func isHeld(_ directory: String) -> Bool {
    let lock = open(directory + "/lock", O_RDONLY | O_CLOEXEC)
    // Whoever may not read it has only the number to go by.
    guard lock >= 0 else { return errno != ENOENT }
    defer { close(lock) }
    // Shared, so that two commands at once do not take each other for the system.
    return flock(lock, LOCK_SH | LOCK_NB) != 0
  }

  /// The operator token, if this user may read it.
  static func token(in directory: String) -> String? {
    token(file: directory + "/operator-token")
  }

  static func token(file: String) -> String? {
    guard let bytes = try? Files.read(file, limit: 4096) else { return nil }
    let token = String(decoding: bytes, as: UTF8.self).stripped
    return token.isEmpty ? nil : token
  }
}

/// Reads files whole.
enum Files {
  /// - Throws: `CommandError` that names the file and what the system said.
  static func read(_ path: String, limit: Int = ImportLimits.fileBytes) throws -> [UInt8] {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw error(path, String(cString: strerror(errno))) }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0 else { throw error(path, String(cString: strerror(errno))) }
    if status.st_mode & S_IFMT == S_IFDIR { throw error(path, "it is a folder") }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(min(Int(status.st_size) + 1, limit))
    var chunk = [UInt8](repeating: 0, count: 1 << 18)
    while true {
      let count = Glibc.read(file, &chunk, chunk.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw error(path, String(cString: strerror(errno))) }
      if count == 0 { return bytes }
      bytes += chunk[..<count]
      guard bytes.count <= limit else { throw error(path, "it is larger than \(limit) bytes") }
    }
  }

  /// The text of a file; it must be UTF-8.
  static func text(_ path: String) throws -> String {
    guard let text = String(validating: try read(path), as: UTF8.self) else {
      throw error(path, "it is not UTF-8 text")
    }
    return text
  }

  /// The names in a folder, in the order of their bytes, and when each changed last.
  static func list(_ path: String) throws -> [(name: String, modified: Int64)] {
    guard let folder = opendir(path) else { throw error(path, String(cString: strerror(errno))) }
    defer { closedir(folder) }
    var found: [(name: String, modified: Int64)] = []
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      var status = stat()
      guard !name.hasPrefix("."), stat(path + "/" + name, &status) == 0,
        status.st_mode & S_IFMT == S_IFREG
      else { continue }
      found.append((name, Int64(status.st_mtim.tv_sec) * 1_000_000))
    }
    return found.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
  }

  private static func error(_ path: String, _ found: String) -> CommandError {
    CommandError("reading \(path)", found: found, code: .usage)
  }
}

extension StringProtocol {
  /// Without spaces and line breaks at both ends.
  var stripped: String {
    let start = drop { $0.isWhitespace }
    guard let last = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
    return String(start[...last])
  }
}
