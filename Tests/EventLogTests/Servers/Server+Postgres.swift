internal import EventLogCore
internal import Foundation
internal import PostgresDriver
internal import Testing

extension Server {
  /// A Postgres in which tests make schemas of their own.
  static let postgres = Server("postgres", address: "WORDWEAVE_TEST_POSTGRES") { url in
    let settings = PostgresSettings(url: url, applicationName: "wordweave-tests")
    guard let session = try? PostgresSession.connect(settings) else { return false }
    TestSchema.sweep(over: session)
    return true
  }
}

@Suite struct PostgresServerTests {
  @Test func postgresAnswers() throws { try Server.postgres.require() }
}

/// Schemas that tests make, named by their process so that the next run finds what a killed one
/// left behind.
enum TestSchema {
  private static let prefix = "test_"

  static func name(_ end: String = "\(EventID.make())") -> String {
    let letters = end.lowercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" }
    return prefix + "\(getpid())_" + String(letters.suffix(40))
  }

  static func drop(_ schema: String) {
    guard let url = Server.postgres.url else { return }
    let settings = PostgresSettings(url: url, applicationName: "wordweave-tests")
    guard let session = try? PostgresSession.connect(settings) else { return }
    drop(schema, over: session)
  }

  private static func drop(_ schema: String, over session: PostgresSession) {
    let sql = "DROP SCHEMA IF EXISTS \"\(schema)\" CASCADE"
    _ = try? session.run(PostgresStatement("drop a schema", isPrepared: false, sql)())
  }

  fileprivate static func sweep(over session: PostgresSession) {
    let list = PostgresStatement(
      "list schemas",
      isPrepared: false,
      "SELECT nspname::text FROM pg_namespace WHERE nspname ^@ 'test_'"
    )
    guard let rows = try? session.run(list()) else { return }
    for name in (0..<rows.count).compactMap({ rows.text($0, 0) }) {
      guard let process = name.split(separator: "_").dropFirst().first.flatMap({ pid_t($0) }),
        kill(process, 0) != 0, errno == ESRCH
      else { continue }
      drop(name, over: session)
    }
  }
}
