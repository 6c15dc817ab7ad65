internal import Glibc

/// Where the bytes of a command go: a file that is there as a whole or not at all, or standard
/// output.
struct OutputFile: ~Copyable {
  private let path: String?
  private let fresh: String
  private let descriptor: Int32

  /// Opens a file beside `path`; `-` is standard output.
  init(_ path: String) throws {
    guard path != "-" else {
      self.path = nil
      fresh = ""
      descriptor = STDOUT_FILENO
      return
    }
    self.path = path
    fresh = "\(path).\(getpid()).new"
    descriptor = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw Self.failure("writing \(path)", code: .usage) }
  }

  var isStandardOutput: Bool { path == nil }

  /// Whether somebody would see the bytes on a screen.
  var isTerminal: Bool { path == nil && isatty(STDOUT_FILENO) == 1 }

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
    guard fsync(descriptor) == 0, rename(fresh, path) == 0 else {
      throw Self.failure("writing \(path)")
    }
  }

  deinit {
    guard path != nil else { return }
    close(descriptor)
    // Gone already if it was finished.
    unlink(fresh)
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
