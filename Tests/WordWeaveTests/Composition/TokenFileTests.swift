import EventsService
import Foundation
import Glibc
import Logging
import Testing

@testable import WordWeave

@Suite struct TokenFileTests {
  private let folder: String
  private var path: String { folder + "/tokens" }

  init() throws {
    folder = NSTemporaryDirectory() + "wordweave-tokens-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  private func tokens() -> TokenFile {
    TokenFile(path: path, operatorToken: "operator", logger: Logger(label: "test"))
  }

  /// Whether a token is accepted within seconds: a file that failed is not tried at once.
  private func isAccepted(_ token: String, by file: TokenFile) async throws -> Bool {
    for _ in 0..<250 {
      if file.rights(of: token) == CallRights.read { return true }
      try await Task.sleep(for: .milliseconds(20))
    }
    return false
  }

  /// Writes in place, and gives the file an old time.
  private func overwrite(_ bytes: [UInt8]) throws {
    let file = open(path, O_WRONLY)
    defer { close(file) }
    let written = pwrite(file, bytes, bytes.count, 0)
    let times = [timespec(tv_sec: 1, tv_nsec: 0), timespec(tv_sec: 1, tv_nsec: 0)]
    let dated = futimens(file, times)
    try #require(written == bytes.count)
    try #require(dated == 0)
  }

  @Test(.enabled(if: geteuid() != 0)) func aFileIsReadOnceItMayBe() async throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let made = try TokenFile.create(in: path, rights: CallRights.read, name: "t")
    let file = tokens()
    chmod(path, 0)
    #expect(file.rights(of: made.token) == nil)
    chmod(path, 0o600)
    #expect(try await isAccepted(made.token, by: file))
  }

  @Test func aMendedFileIsReadAgain() async throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let made = try TokenFile.create(in: path, rights: CallRights.read, name: "t")
    let sound = try Files.read(path)
    let file = tokens()
    try overwrite([UInt8](repeating: UInt8(ascii: "x"), count: sound.count))
    #expect(file.rights(of: made.token) == nil)
    #expect(file.rights(of: "operator") == CallRights.admin)
    try overwrite(sound)
    #expect(try await isAccepted(made.token, by: file))
  }

  @Test(.enabled(if: geteuid() == 0)) func whatRootWritesIsTheOwners() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    // Root of a container may lack the right.
    guard chown(folder, 4711, 4712) == 0 else { return }
    for name in ["first", "second"] {
      _ = try TokenFile.create(in: path, rights: CallRights.read, name: name)
      for file in [path, path + ".lock"] {
        let status = try FileManager.default.attributesOfItem(atPath: file)
        #expect((status[.ownerAccountID] as? NSNumber)?.intValue == 4711)
        #expect((status[.groupOwnerAccountID] as? NSNumber)?.intValue == 4712)
        #expect((status[.posixPermissions] as? NSNumber)?.intValue == 0o600)
      }
    }
    #expect(try TokenFile.read(path).map(\.name) == ["first", "second"])
  }
}
