import Glibc
import Testing

@testable import WordWeave

/// Client and server of UmaDB as they are published, in the project's own Python.
enum UmaDBPackage {
  static let comment: Comment = "UmaDB is not installed; ops/dev/python does it"

  private static let root =
    #filePath.split(separator: "/").dropLast(4).reduce("") { $0 + "/" + $1 }
  private static let folder = root + "/.build/python/bin"

  static let python = folder + "/python"
  static let server = folder + "/umadb"
  static let driver = root + "/Tests/SystemTests/UmaDB/Driver"

  /// Whether tests use it: it is there, or it must be, and then they fail without it.
  static var isWanted: Bool {
    access(server, X_OK) == 0
      || (environment("WORDWEAVE_REQUIRE") ?? "").split(separator: ",").contains("umadb")
  }

  /// Runs a script of the driver to its end; answers what it printed last.
  static func run(
    _ script: String,
    _ arguments: [String],
    in scratch: Scratch,
    within limit: Duration
  ) async throws -> Outcome {
    let child = try Child(
      python,
      [driver + "/" + script] + arguments,
      environment: ["PYTHONDONTWRITEBYTECODE=1"],
      output: scratch.path + "/driver"
    )
    let code = try await child.end(within: limit)
    return Outcome(code: code, printed: child.printed, complaints: child.complaints)
  }
}

/// UmaDB's own server over a fresh file; it is killed when the last reference is gone.
struct UmaDBServer {
  let url: String
  private let child: Child

  init(in scratch: Scratch, _ options: [String] = []) async throws {
    // It does not tell its port, so it is given one that was free a moment ago.
    let address = try "127.0.0.1:\(Self.freePort())"
    url = "http://" + address
    let file = scratch.path + "/uma.db"
    let output = scratch.path + "/umadb"
    let child = try Child(
      UmaDBPackage.server,
      ["--listen", address, "--db-path", file] + options,
      output: output
    )
    self.child = child
    try await eventually("UmaDB listens") {
      if let code = child.poll() { throw Trouble("umadb ended with \(code): \(child.complaints)") }
      return (child.printed + child.complaints).contains("UmaDB started") ? () : nil
    }
  }

  private static func freePort() throws -> UInt16 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { throw Trouble("socket", errno) }
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(INADDR_LOOPBACK).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let code = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, length) == 0 ? getsockname(descriptor, $0, &length) : -1
      }
    }
    guard code == 0 else { throw Trouble("a free port", errno) }
    return UInt16(bigEndian: address.sin_port)
  }
}
