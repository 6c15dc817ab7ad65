internal import Foundation
internal import Testing

/// A server that some tests need: started by `ops/test`, which tells its address.
struct Server: Sendable {
  /// The name, as `WORDWEAVE_REQUIRE` has it.
  let name: String
  /// Its address; nil if nobody told one or nothing answers there.
  let url: String?

  init(_ name: String, address variable: String, answers: (String) -> Bool) {
    self.name = name
    let told = ProcessInfo.processInfo.environment[variable] ?? ""
    url = !told.isEmpty && answers(told) ? told : nil
  }

  var isAvailable: Bool { url != nil }

  /// Passes if the server answers; else fails if the run requires it, or is told as skipped.
  func require() throws {
    guard !isAvailable else { return }
    let required = ProcessInfo.processInfo.environment["WORDWEAVE_REQUIRE"] ?? ""
    if required.split(separator: ",").contains(where: { $0 == name }) {
      Issue.record("no \(name) answers, and this run requires one")
      return
    }
    try Test.cancel("no \(name) answers")
  }
}
