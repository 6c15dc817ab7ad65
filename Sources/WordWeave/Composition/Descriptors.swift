internal import Glibc

/// What the process has open, and how many files and connections it may have.
enum Descriptors {
  /// Takes as many as the system allows.
  ///
  /// Shells give 1,024 unless asked for more, which is a limit for programs that use `select`; half
  /// of them are too few connections, and the log's files need the rest.
  static func takeAll() {
    let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    var limit = rlimit()
    guard getrlimit(resource, &limit) == 0, limit.rlim_cur < limit.rlim_max else { return }
    limit.rlim_cur = limit.rlim_max
    // Refused, it goes on with what it has.
    _ = setrlimit(resource, &limit)
  }

  /// Opens the standard descriptors that the process was started without, before anything else is
  /// opened: the next files would become them, and messages would be written over the log's marks.
  ///
  /// They are opened the wrong way round, so that reading and writing fail as they did: a result
  /// that nobody takes fails a command.
  static func fillStandard() {
    fill(STDIN_FILENO, O_WRONLY)
    fill(STDOUT_FILENO, O_RDONLY)
    fill(STDERR_FILENO, O_RDONLY)
  }

  /// Opens `/dev/null` as a descriptor, unless that is open.
  static func fill(_ descriptor: Int32, _ mode: Int32) {
    guard fcntl(descriptor, F_GETFD) == -1, errno == EBADF else { return }
    let opened = open("/dev/null", mode)
    guard opened >= 0, opened != descriptor else { return }
    _ = dup2(opened, descriptor)
    close(opened)
  }
}
