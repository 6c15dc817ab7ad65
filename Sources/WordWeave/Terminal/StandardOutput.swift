internal import Glibc
internal import Synchronization

/// Where results go; the first that is not taken ends the command.
///
/// A file that was cut must not look like one that is whole.
final class StandardOutput: Sendable {
  private struct State {
    var failure: CommandError?
    var stop: (@Sendable () -> Void)?
  }

  /// That of this process.
  static let process = StandardOutput(STDOUT_FILENO)

  private let descriptor: Int32
  private let state = Mutex(State())

  init(_ descriptor: Int32) { self.descriptor = descriptor }

  /// Why a result was lost; nil if none was.
  var failure: CommandError? { state.withLock { $0.failure } }

  /// Has `stop` called when the first result is lost, now if one was: whoever prints does not ask
  /// each time, and some would go on for hours.
  func onFailure(_ stop: @escaping @Sendable () -> Void) {
    let isLost = state.withLock { state in
      state.stop = stop
      return state.failure != nil
    }
    if isLost { stop() }
  }

  /// - Throws: what `failure` tells.
  func check() throws(CommandError) { if let failure { throw failure } }

  /// Writes all of `text`; nothing follows on a text that was cut.
  func write(_ text: String) {
    guard failure == nil, let code = Console.write(text, to: descriptor) else { return }
    // The reader of a pipe is gone (`| head`): there is nothing left to do.
    if code == EPIPE { exit(0) }
    let stop: (@Sendable () -> Void)? = state.withLock { state in
      state.failure = CommandError(
        "writing standard output",
        found: String(cString: strerror(code))
      )
      return state.stop
    }
    stop?()
  }
}
