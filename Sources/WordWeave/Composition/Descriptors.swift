internal import Glibc

/// How many files and connections the process may have open.
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
}
