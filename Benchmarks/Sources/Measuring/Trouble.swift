internal import Glibc

/// What ends a run.
package struct Trouble: Error, CustomStringConvertible {
  package let description: String

  package init(_ sentence: String) { description = sentence }
  package init(_ sentence: String, _ code: Int32) {
    description = "\(sentence): \(String(cString: strerror(code)))"
  }
}
