internal import Glibc

/// Where the bytes of a command go: a file that is there as a whole or not at all, a device or a
/// pipe, or standard output.
struct OutputFile: ~Copyable {
  /// The name for errors; nil is standard output.
  private let path: String?
  /// The file that the bytes go to first, and the one whose place it takes in the end; nil if they
  /// go to their place at once.
  private let draft: (fresh: String, target: String)?
  private let descriptor: Int32

  /// Opens a file beside `path`, or `path` itself if it is no regular file; `-` is standard output.
  init(_ path: String) throws {
    guard path != "-" else {
      self.path = nil
      self.draft = nil
      self.descriptor = STDOUT_FILENO
      return
    }
    let draft = try Self.target(of: path).map { target in
      (fresh: "\(target).\(getpid()).new", target: target)
    }
    let descriptor =
      if let draft {
        open(draft.fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
      } else {
        // To the end: `3>>file` with /dev/fd/3 is a regular file.
        open(path, O_WRONLY | (Self.isRegular(path) ? O_APPEND : 0) | O_NOCTTY | O_CLOEXEC)
      }
    guard descriptor >= 0 else { throw Self.failure("writing \(path)", code: .usage) }
    self.path = path
    self.draft = draft
    self.descriptor = descriptor
  }

  /// The file that is replaced, at the end of links; nil if what is there must stay.
  private static func target(of path: String) throws -> String? {
    var found = stat()
    guard stat(path, &found) == 0 else {
      if lstat(path, &found) == 0, found.st_mode & S_IFMT == S_IFLNK {
        throw CommandError("writing \(path)", found: "it is a link to nothing", code: .usage)
      }
      return path
    }
    // What a descriptor leads to belongs to whoever opened it, a file too.
    let isDescriptor = ["/dev/fd/", "/dev/std", "/proc/"].contains { path.hasPrefix($0) }
    guard found.st_mode & S_IFMT == S_IFREG, !isDescriptor else { return nil }
    guard let resolved = realpath(path, nil) else {
      throw failure("writing \(path)", code: .usage)
    }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  private static func isRegular(_ path: String) -> Bool {
    var found = stat()
    return stat(path, &found) == 0 && found.st_mode & S_IFMT == S_IFREG
  }

  var isStandardOutput: Bool { path == nil }

  /// Whether somebody would see the bytes on a screen.
  var isTerminal: Bool { isatty(descriptor) == 1 }

  func write(_ bytes: [UInt8]) throws {
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes { all in
        let rest = UnsafeRawBufferPointer(rebasing: all[written...])
        return Glibc.write(descriptor, rest.baseAddress, rest.count)
      }
      if count < 0, errno == EINTR { continue }
      // The reader of a pipe is gone (`| head`): there is nothing left to do.
      if count < 0, errno == EPIPE, isStandardOutput { exit(0) }
      guard count > 0 else { throw Self.failure("writing \(path ?? "standard output")") }
      written += count
    }
  }

  /// Makes the file durable and puts it in its place.
  func finish() throws {
    guard let path else { return }
    guard let draft else {
      // Pipes and most devices have nothing to make durable.
      if fsync(descriptor) == 0 || errno == EINVAL || errno == EROFS { return }
      throw Self.failure("writing \(path)")
    }
    guard fsync(descriptor) == 0, rename(draft.fresh, draft.target) == 0 else {
      throw Self.failure("writing \(path)")
    }
  }

  deinit {
    guard path != nil else { return }
    close(descriptor)
    // Gone already if it was finished.
    if let draft { unlink(draft.fresh) }
  }

  private static func failure(
    _ attempted: String,
    code: CommandError.Code = .failure
  ) -> CommandError {
    CommandError(attempted, found: String(cString: strerror(errno)), code: code)
  }
}

/// Where the bytes of a command come from: a file, or standard input.
struct InputFile: ~Copyable {
  /// The name for errors.
  let name: String
  /// Bytes in all; nil if nobody knows.
  let size: Int64?
  private let descriptor: Int32

  /// Opens a file; `-` is standard input.
  init(_ path: String) throws {
    name = path == "-" ? "standard input" : path
    descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
    var status = stat()
    guard descriptor >= 0, fstat(descriptor, &status) == 0 else {
      throw CommandError("reading \(path)", found: String(cString: strerror(errno)), code: .usage)
    }
    guard status.st_mode & S_IFMT != S_IFDIR else {
      throw CommandError("reading \(path)", found: "it is a folder", code: .usage)
    }
    size = status.st_mode & S_IFMT == S_IFREG ? Int64(status.st_size) : nil
  }

  /// Whether `path` names a pipe, whose writer goes once it was opened and closed again.
  static func isPipe(_ path: String) -> Bool {
    var found = stat()
    return stat(path, &found) == 0 && found.st_mode & S_IFMT == S_IFIFO
  }

  /// The next bytes; none at the end.
  func read() throws -> [UInt8] {
    while true {
      var count = 0
      let bytes = [UInt8](unsafeUninitializedCapacity: TransferLimits.readBytes) { room, filled in
        count = Glibc.read(descriptor, room.baseAddress, room.count)
        filled = max(0, count)
      }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else {
        throw CommandError("reading \(name)", found: String(cString: strerror(errno)))
      }
      return bytes
    }
  }

  deinit { if descriptor > STDIN_FILENO { close(descriptor) } }
}
