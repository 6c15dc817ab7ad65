internal import CRawPostgres
internal import Measuring

/// One connection, used by one thread, blocking.
final class Session {
  private let connection: OpaquePointer
  /// bytea; the other parameters go as text.
  private static let binary: Int32 = 1

  init(_ url: String) throws(Trouble) {
    guard let connection = PQconnectdb(url) else { throw Trouble("no memory for a connection") }
    self.connection = connection
    guard PQstatus(connection) == CONNECTION_OK else { throw trouble("connecting") }
  }

  deinit { PQfinish(connection) }

  func execute(_ statement: String) throws(Trouble) {
    try check(PQexec(connection, statement), "executing")
  }

  /// The one statement of the connection.
  func prepare(_ statement: String) throws(Trouble) {
    try check(PQprepare(connection, "append", statement, 5, nil), "preparing")
  }

  func append(
    stream: String,
    revision: Int,
    type: String,
    data: [UInt8],
    tags: String
  ) throws(Trouble) {
    let result = stream.withCString { stream in
      "\(revision)".withCString { revision in
        type.withCString { type in
          tags.withCString { tags in
            data.withUnsafeBytes { data in
              let bytes = data.baseAddress?.assumingMemoryBound(to: CChar.self)
              let values = [stream, revision, type, bytes, tags]
              let lengths: [Int32] = [0, 0, 0, Int32(data.count), 0]
              let formats: [Int32] = [0, 0, 0, Self.binary, 0]
              return PQexecPrepared(connection, "append", 5, values, lengths, formats, 0)
            }
          }
        }
      }
    }
    try check(result, "appending")
  }

  private func check(_ result: OpaquePointer?, _ attempt: String) throws(Trouble) {
    defer { PQclear(result) }
    let status = PQresultStatus(result)
    guard status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK else { throw trouble(attempt) }
  }

  private func trouble(_ attempt: String) -> Trouble {
    Trouble("\(attempt) failed: \(String(cString: PQerrorMessage(connection)))")
  }
}
