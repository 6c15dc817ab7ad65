import Glibc
import Synchronization

@testable import WordWeave

/// A process that a test started; it is killed at the latest when the last reference is gone.
final class Child: Sendable {
  let pid: pid_t
  private let output: String
  private let ended = Mutex<Int32?>(nil)

  /// Starts a program.
  ///
  /// - output: the files `output`.out and `output`.err take what it prints.
  /// - printingTo: a device that takes what it prints to standard output instead; it stays as it is.
  init(
    _ program: String,
    _ arguments: [String],
    environment: [String] = [],
    output: String,
    printingTo device: String? = nil
  ) throws {
    self.output = output
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    let flags = O_WRONLY | O_CREAT | O_TRUNC
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    if let device {
      posix_spawn_file_actions_addopen(&actions, 1, device, O_WRONLY, 0)
    } else {
      posix_spawn_file_actions_addopen(&actions, 1, output + ".out", flags, 0o600)
    }
    posix_spawn_file_actions_addopen(&actions, 2, output + ".err", flags, 0o600)
    // Nothing of the surroundings may name another system than the test's own.
    let surroundings = ["PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "HOME=" + output]
    var words = ([program] + arguments).map { strdup($0) } + [nil]
    var variables = (surroundings + environment).map { strdup($0) } + [nil]
    defer { for word in words + variables { free(word) } }
    var pid = pid_t()
    let code = posix_spawn(&pid, program, &actions, nil, &words, &variables)
    guard code == 0 else { throw Trouble("starting \(program)", code) }
    self.pid = pid
  }

  deinit {
    guard poll() == nil else { return }
    kill(pid, SIGKILL)
    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0, errno == EINTR {}
  }

  /// The program `wordweave` that was built together with the tests, or the one that
  /// `WORDWEAVE_TEST_PROGRAM` names, such as an optimised one.
  static let wordweave: String = {
    if let named = environment("WORDWEAVE_TEST_PROGRAM") { return named }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = bytes.withUnsafeMutableBytes { buffer in
      buffer.withMemoryRebound(to: CChar.self) {
        $0.baseAddress.map { readlink("/proc/self/exe", $0, 4096) } ?? -1
      }
    }
    let tests = String(decoding: bytes[..<max(0, count)], as: UTF8.self)
    return tests.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 } + "/wordweave"
  }()

  /// What it printed so far.
  var printed: String { (try? Files.text(output + ".out")) ?? "" }
  /// What it complained about so far.
  var complaints: String { (try? Files.text(output + ".err")) ?? "" }

  /// Its exit code, or the negative number of the signal that ended it; nil while it runs.
  func poll() -> Int32? {
    ended.withLock { ended in
      if ended != nil { return ended }
      var status: Int32 = 0
      guard waitpid(pid, &status, WNOHANG) == pid else { return nil }
      let signal = status & 0x7F
      ended = signal == 0 ? (status >> 8) & 0xFF : -signal
      return ended
    }
  }

  /// Waits for its end.
  func end(within limit: Duration = .seconds(120)) async throws -> Int32 {
    try await eventually("process \(pid) ends", within: limit) { self.poll() }
  }

  /// Ends it as a power cut would, as far as a process can tell.
  func crash() async throws {
    kill(pid, SIGKILL)
    _ = try await end()
  }
}

/// Asks again and again until there is an answer.
func eventually<R>(
  _ what: String,
  within limit: Duration = .seconds(30),
  _ answer: () async throws -> R?
) async throws -> R {
  let start = ContinuousClock.now
  while true {
    if let answer = try await answer() { return answer }
    guard ContinuousClock.now - start < limit else { throw Trouble("waited in vain: \(what)") }
    try await Task.sleep(for: .milliseconds(5))
  }
}
