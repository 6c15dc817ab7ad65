import Foundation

/// The files of golden events, as lower-case hex in lines of 32 bytes.
enum Fixture {
  private static var folder: URL {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")
  }

  static func read(_ name: String) throws -> [UInt8]? {
    let file = folder.appending(path: name + ".hex")
    guard FileManager.default.fileExists(atPath: file.path) else { return nil }
    let digits = try String(contentsOf: file, encoding: .utf8).filter { !$0.isWhitespace }
    return stride(from: 0, to: digits.utf8.count, by: 2).compactMap { index in
      let start = digits.index(digits.startIndex, offsetBy: index)
      return UInt8(digits[start..<digits.index(start, offsetBy: 2)], radix: 16)
    }
  }

  static func write(_ bytes: [UInt8], _ name: String) throws {
    var text = ""
    for (index, byte) in bytes.enumerated() {
      text += (byte < 16 ? "0" : "") + String(byte, radix: 16)
      if index % 32 == 31 { text += "\n" }
    }
    if !text.hasSuffix("\n") { text += "\n" }
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try text.write(
      to: folder.appending(path: name + ".hex"),
      atomically: true,
      encoding: .utf8
    )
  }

  static var names: Set<String> {
    let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return Set(files.filter { $0.hasSuffix(".hex") }.map { String($0.dropLast(4)) })
  }
}
