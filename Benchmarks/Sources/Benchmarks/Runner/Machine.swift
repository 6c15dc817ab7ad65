import FoundationEssentials
import Glibc

/// What the figures were taken on.
enum Machine {
  static var description: String {
    let model = field("model name", in: "/proc/cpuinfo") ?? "unknown processor"
    let kernel = (try? String(contentsOfFile: "/proc/sys/kernel/osrelease", encoding: .utf8)) ?? ""
    return "\(sysconf(Int32(_SC_NPROCESSORS_ONLN))) cores (\(model)), "
      + "\(field("MemTotal", in: "/proc/meminfo") ?? "?") memory, Linux "
      + kernel.filter { !$0.isNewline }
  }

  /// Bytes of this process in memory.
  static var residentBytes: Int {
    let text = field("VmRSS", in: "/proc/self/status") ?? "0 kB"
    return (text.split(separator: " ").first.flatMap { Int($0) } ?? 0) << 10
  }

  private static func field(_ name: String, in path: String) -> String? {
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return nil }
    for line in text.split(separator: "\n") where line.hasPrefix(name) {
      guard let colon = line.firstIndex(of: ":") else { continue }
      return String(line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" })
    }
    return nil
  }
}
