/// Why a command could not do its work: what was attempted, what was found, what to do.
struct CommandError: Error, CustomStringConvertible {
  /// Exit codes; 64 and 69 are those of sysexits.h.
  enum Code: Int32, Sendable {
    /// The work failed, or found what should not be.
    case failure = 1
    /// The command line is wrong.
    case usage = 64
    /// The system cannot be reached.
    case unavailable = 69
    /// Stopped by a signal, as shells tell it (128 + SIGINT).
    case interrupted = 130
  }

  let code: Code
  let attempted: String
  let found: String
  let advice: String?

  init(_ attempted: String, found: String, advice: String? = nil, code: Code = .failure) {
    self.attempted = attempted
    self.found = found
    self.advice = advice
    self.code = code
  }

  var description: String {
    let base = "\(attempted): \(found)"
    return advice.map { "\(base); \($0)" } ?? base
  }
}
