import Foundation
import ProjectionsConformance
import ProjectionsCore
import ProjectionsRocksDB

extension ReadModelFixture {
  static let rocksDB = ReadModelFixture("RocksDB") {
    let folder = try TemporaryFolder()
    return ReadModelPlace(
      engine: try RocksDBReadModelEngine(path: folder.path),
      reopen: { try RocksDBReadModelEngine(path: folder.path) }
    )
  }

  static let available = [inMemory, rocksDB]
}

/// A folder that goes when the process ends: engines may outlive the test that made it.
struct TemporaryFolder {
  private static let root: String = {
    atexit { try? FileManager.default.removeItem(atPath: TemporaryFolder.rootPath) }
    return rootPath
  }()
  private static let rootPath = "/tmp/wordweave-projections-\(getpid())"

  let path: String

  init() throws {
    path = "\(Self.root)/\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }
}
