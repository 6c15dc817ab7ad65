internal import Glibc

/// Lines on standard output, written at once: another process waits for them.
package enum Line {
  package static func write(_ text: String) {
    var bytes = Array(text.utf8)
    bytes.append(10)
    // A pipe takes so little whole, and without its reader nobody misses it.
    _ = bytes.withUnsafeBytes { Glibc.write(1, $0.baseAddress, $0.count) }
  }
}

/// The result as one line of JSON; all members are numbers.
package enum Report {
  package static func write(_ members: [(String, Double)]) {
    Line.write("{" + members.map { "\"\($0.0)\": \($0.1)" }.joined(separator: ", ") + "}")
  }
}
