import EventLogCore
import Foundation
import Testing

@testable import WordWeave

private let half: UInt64 = 1 << 63

@Suite struct BackupManifestTests {
  private let folder: String

  init() throws {
    folder = NSTemporaryDirectory() + "wordweave-manifest-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  private func remove() { try? FileManager.default.removeItem(atPath: folder) }

  /// Writes a manifest whose checksum is right, as whoever changes one can.
  private func write(sizes: [UInt64]) throws {
    let log = #"{"id":"\#(EventID.make())","epoch":1,"head":0}"#
    var text = #"{"wordweave":"backup","version":1,"created":"","program":"","log":\#(log)}"# + "\n"
    for (index, size) in sizes.enumerated() {
      text += #"{"path":"log/\#(index)","bytes":\#(size),"sha256":""}"# + "\n"
    }
    let path = folder + "/" + BackupManifest.name
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    let digest = try FileTree.digest(of: path)
    text += #"{"end":true,"files":\#(sizes.count),"bytes":0,"sha256":"\#(digest)"}"# + "\n"
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
  }

  @Test func sizesAddUpToTheLargestNumber() throws {
    defer { remove() }
    try write(sizes: [half, half - 1])
    #expect(try BackupManifest(of: folder).bytes == .max)
  }

  @Test(arguments: [[half, half], [UInt64.max, 1], [0, UInt64.max, UInt64.max]])
  func sizesThatNobodyCanCountAreRefused(_ sizes: [UInt64]) throws {
    defer { remove() }
    try write(sizes: sizes)
    let error = #expect(throws: CommandError.self) { _ = try BackupManifest(of: folder) }
    #expect(error?.found.contains("more bytes than can be counted") == true)
  }
}
