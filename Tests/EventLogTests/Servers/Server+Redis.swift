import Foundation
import RedisDriver
import Testing

extension Server {
  /// A Redis whose keys belong to tests; the program that serves it is on this machine too.
  static let redis = Server("redis", address: "WORDWEAVE_TEST_REDIS") { url in
    guard let settings = try? RedisSettings(url: url) else { return false }
    return RedisTest.answers(settings) && OwnRedis.program != nil
  }
}

@Suite struct RedisServerTests {
  @Test func redisAnswers() throws { try Server.redis.require() }
}

/// What tests do with the server that `ops/test` started.
enum RedisTest {
  static let secret = [UInt8](repeating: 42, count: 32)

  /// Patient, so that a busy machine is not taken for a dead Redis where that is not the point.
  static func settings(_ url: String) throws -> RedisSettings {
    var settings = try RedisSettings(url: url)
    settings.connectTimeout = .seconds(10)
    settings.commandTimeout = .seconds(10)
    return settings
  }

  /// Lends a connected client of the server, or of another one.
  static func withClient(
    _ settings: RedisSettings? = nil,
    _ body: @Sendable (RedisClient) async throws -> Void
  ) async throws {
    let shared = try Server.redis.url.map { try Self.settings($0) }
    let client = RedisClient(try settings ?? #require(shared))
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { await client.run() }
      defer { group.cancelAll() }
      try await until("the client connects") { client.isReady }
      try await body(client)
    }
  }

  /// Whether somebody accepts connections there.
  static func answers(_ settings: RedisSettings) -> Bool {
    let end = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(end) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(settings.port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(end, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
  }
}

/// A Redis of one test, which it may stop, kill and start again on the same port.
final class OwnRedis {
  static let program = ["/usr/bin/redis-server", "/usr/local/bin/redis-server"]
    .first { FileManager.default.isExecutableFile(atPath: $0) }

  let url: String
  private let port: Int
  private let options: [String]
  private var process: Process?

  init(_ options: String...) async throws {
    self.options = options
    port = Int.random(in: 20_000..<30_000)
    url = "redis://127.0.0.1:\(port)"
    try await start()
  }

  deinit { kill() }

  func start() async throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try #require(Self.program))
    process.arguments =
      ["--port", "\(port)", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"] + options
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    process.currentDirectoryURL = FileManager.default.temporaryDirectory
    try process.run()
    self.process = process
    let settings = try RedisSettings(url: url)
    try await until("Redis answers on port \(port)") { RedisTest.answers(settings) }
  }

  /// It answers nothing any more, though its port accepts connections.
  func pause() { signal(SIGSTOP) }

  func resume() { signal(SIGCONT) }

  func kill() {
    signal(SIGKILL)
    process?.waitUntilExit()
    process = nil
  }

  private func signal(_ number: Int32) {
    if let process, process.isRunning { Glibc.kill(process.processIdentifier, number) }
  }
}
