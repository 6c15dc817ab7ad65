import Glibc

@testable import WordWeave

/// What a process uses, as the system tells it.
struct Resources {
  /// Bytes of memory that are in use.
  let residentBytes: Int
  /// Time on processors so far.
  let processorTime: Duration

  init(of pid: pid_t) throws {
    let status = try Files.text("/proc/\(pid)/status")
    guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmRSS:") }),
      let kibibytes = line.split(separator: " ").dropLast().last.flatMap({ Int($0) })
    else { throw Trouble("reading the memory of process \(pid)") }
    residentBytes = kibibytes << 10
    // The name stands in parentheses and may hold anything.
    let fields = try Files.text("/proc/\(pid)/stat").split(separator: ")").last?
      .split(separator: " ")
    guard let fields, fields.count > 12, let user = Int(fields[11]), let system = Int(fields[12])
    else { throw Trouble("reading the times of process \(pid)") }
    processorTime = .seconds(user + system) / sysconf(Int32(_SC_CLK_TCK))
  }
}
