import EventLogCore
import Glibc
import PostgresDriver
import Testing

@testable import WordWeave

/// A schema of its own in a database, for a log that processes share.
struct SharedDatabase: Sendable {
  static let comment: Comment = "no Postgres: set WORDWEAVE_TEST_POSTGRES, or use ops/test"

  /// Where the tests' Postgres is.
  static var server: String { environment("WORDWEAVE_TEST_POSTGRES") ?? "" }
  static var isThere: Bool { !server.isEmpty }

  let server: String
  let schema: String

  /// As `--log` takes it.
  var log: String { "\(server)?schema=\(schema)" }

  /// A fresh schema; the tests' server is swept of those whose process is gone.
  init(on server: String = Self.server) {
    self.server = server
    let end = "\(EventID.make())".filter { $0 != "-" }
    schema = "test_\(getpid())_\(end)"
  }

  /// Runs a statement with the rights of the tables' owner.
  @discardableResult
  func run(_ sql: String) throws -> PostgresRows {
    var settings = PostgresSettings(url: server, applicationName: "wordweave-system-tests")
    settings.parameters["search_path"] = schema
    let session = try PostgresSession.connect(settings)
    defer { session.close() }
    return try session.run(PostgresStatement("test", isPrepared: false, sql)())
  }

  /// Where the present leader says that it is reached.
  func leaderAddress() throws -> String {
    try run("SELECT address FROM log_head").text(0, 0) ?? ""
  }

  /// How often the lead was taken over or given back.
  func leaderEpoch() throws -> Int64 {
    try run("SELECT leader_epoch FROM log_head").integer(0, 0) ?? -1
  }

  func drop() { _ = try? run("DROP SCHEMA IF EXISTS \"\(schema)\" CASCADE") }
}

/// A Postgres of a test's own, which it may break.
final class PrivatePostgres: Sendable {
  private static let program =
    #filePath.split(separator: "/").dropLast(4).reduce("") { $0 + "/" + $1 } + "/ops/dev/server"

  let url: String
  private let folder: String
  private let port: String
  private let scratch: Scratch

  /// Makes and starts one.
  init(in scratch: Scratch) async throws {
    self.scratch = scratch
    // The server runs as another user, who must get to its folder.
    chmod(scratch.path, 0o711)
    folder = scratch.path + "/postgres"
    port = "\(try FreePort.find())"
    url = "postgres://wordweave@127.0.0.1:\(port)/postgres"
    try await start()
  }

  deinit {
    // As quick as it gets: nobody wants its data any more.
    if let pid = Self.process(folder) { kill(pid, SIGQUIT) }
  }

  private static func process(_ folder: String) -> pid_t? {
    let text = (try? Files.text(folder + "/data/postmaster.pid")) ?? ""
    return text.split(separator: "\n").first.flatMap { pid_t($0) }
  }

  private func start() async throws {
    let child = try Child(
      "/bin/bash",
      [Self.program, "start", "postgres", "--dir", folder, "--port", port],
      output: scratch.path + "/postgres-start"
    )
    guard try await child.end() == 0 else { throw Trouble("no Postgres: \(child.complaints)") }
  }

  /// Ends it in the middle of what it does, as `pg_ctl restart -m immediate` would, and starts it.
  func restart() async throws {
    guard let pid = Self.process(folder) else { throw Trouble("the private Postgres is not there") }
    kill(pid, SIGQUIT)
    try await eventually("Postgres ends") { kill(pid, 0) == 0 ? nil : () }
    try await start()
  }
}
