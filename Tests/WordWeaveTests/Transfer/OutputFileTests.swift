import Foundation
import Glibc
import Testing

@testable import WordWeave

@Suite struct OutputFileTests {
  private let folder: String

  init() throws {
    folder = NSTemporaryDirectory() + "wordweave-output-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  private func export(_ bytes: [UInt8], to path: String) throws {
    let file = try OutputFile(path)
    try file.write(bytes)
    try file.finish()
  }

  /// What lies at a path, without following links.
  private func kind(of path: String) throws -> FileAttributeType? {
    try FileManager.default.attributesOfItem(atPath: path)[.type] as? FileAttributeType
  }

  private func names() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
  }

  @Test func aPipeIsWrittenAndStays() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = folder + "/pipe"
    let made = mkfifo(path, 0o600)
    try #require(made == 0)
    // The reader is there first, so that the writer does not wait for one.
    let reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    defer { close(reader) }
    try export([1, 2, 3], to: path)
    var bytes = [UInt8](repeating: 0, count: 8)
    let count = read(reader, &bytes, bytes.count)
    #expect(count == 3)
    #expect(bytes.starts(with: [1, 2, 3]))
    // It has no name for pipes.
    #expect(try kind(of: path) == .typeUnknown)
    #expect(try names() == ["pipe"])
  }

  @Test func aLinkStaysAndItsTargetIsReplaced() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try export([9, 9, 9], to: folder + "/target")
    let linked = symlink("target", folder + "/link")
    try #require(linked == 0)
    try export([1], to: folder + "/link")
    #expect(try kind(of: folder + "/link") == .typeSymbolicLink)
    #expect(try kind(of: folder + "/target") == .typeRegular)
    #expect(try Files.read(folder + "/target") == [1])
    #expect(try names() == ["link", "target"])
  }

  @Test func aLinkToNothingIsRefused() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let linked = symlink("nothing", folder + "/link")
    try #require(linked == 0)
    #expect(throws: CommandError.self) { try export([1], to: folder + "/link") }
    #expect(try names() == ["link"])
  }

  @Test func aDescriptorsFileIsNotReplaced() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = folder + "/appended"
    try export([1], to: path)
    let file = open(path, O_WRONLY | O_APPEND | O_CLOEXEC)
    defer { close(file) }
    try export([2], to: "/dev/fd/\(file)")
    #expect(try Files.read(path) == [1, 2])
    #expect(try names() == ["appended"])
  }
}
