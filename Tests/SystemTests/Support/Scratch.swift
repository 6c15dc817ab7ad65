import Foundation

@testable import WordWeave

/// A folder that is gone with all that is in it when the last reference is.
final class Scratch: Sendable {
  let path: String

  init(below folder: String = "/tmp") throws {
    var name = Array("\(folder)/wordweave-system-XXXXXX".utf8CString)
    guard mkdtemp(&name) != nil else { throw Trouble("mkdtemp", errno) }
    path = String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// What the system refused to a test.
struct Trouble: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }

  init(_ attempted: String, _ code: Int32) {
    self.init("\(attempted): \(String(cString: strerror(code)))")
  }
}
