internal import CPostgres
internal import Glibc

extension PostgresSession {
  /// Bytes that are handed to the library at once: it keeps what it could not send.
  private static let copyChunk = 1 << 18

  /// Sends rows into a table; inside a transaction they are a part of it.
  ///
  /// Pipeline mode does not admit it: the rows cost round trips of their own.
  public func copy(_ rows: PostgresCopy) throws(PostgresError) {
    let purpose = rows.statement.purpose
    try settle()
    guard PQexitPipelineMode(try open(purpose)) == 1 else { throw lost(purpose) }
    let sent = PQsendQueryParams(
      try open(purpose),
      rows.statement.sql,
      0,
      nil,
      nil,
      nil,
      nil,
      1
    )
    try accepted(sent, purpose)
    var failure: PostgresError?
    if try isAsked(for: rows, &failure) { try put(rows.bytes, purpose) }
    while let result = try nextResult(purpose) {
      if PQresultStatus(result) != PGRES_COMMAND_OK {
        failure = failure ?? PostgresError(result, attempt: purpose)
      }
      PQclear(result)
    }
    guard isOpen, PQenterPipelineMode(try open(purpose)) == 1 else {
      throw failure ?? lost(purpose)
    }
    if let failure { throw failure }
  }

  /// Whether the server takes rows now; else why not.
  private func isAsked(
    for rows: PostgresCopy,
    _ failure: inout PostgresError?
  ) throws(PostgresError) -> Bool {
    let purpose = rows.statement.purpose
    guard let result = try nextResult(purpose) else { throw lost(purpose) }
    defer { PQclear(result) }
    if PQresultStatus(result) == PGRES_COPY_IN { return true }
    failure = PostgresError(result, attempt: purpose)
    return false
  }

  private func put(_ bytes: [UInt8], _ purpose: String) throws(PostgresError) {
    let deadline = ContinuousClock.now + settings.statementTimeout + settings.answerGrace
    var start = 0
    while start < bytes.count {
      let end = min(start + Self.copyChunk, bytes.count)
      let connection = try open(purpose)
      let taken = bytes.withUnsafeBytes { bytes in
        let chunk = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
        return PQputCopyData(
          connection,
          chunk.assumingMemoryBound(to: CChar.self).baseAddress,
          Int32(chunk.count)
        )
      }
      guard taken >= 0 else { throw lost(purpose) }
      if taken == 1 { start = end }
      try flush(purpose, until: deadline)
    }
    // In nonblocking mode the end may have to wait for room, as data does.
    while true {
      let taken = PQputCopyEnd(try open(purpose), nil)
      guard taken >= 0 else { throw lost(purpose) }
      try flush(purpose, until: deadline)
      if taken == 1 { return }
    }
  }

  /// Waits until the library has sent what it keeps.
  func flush(
    _ purpose: String,
    until deadline: ContinuousClock.Instant
  ) throws(PostgresError) {
    while true {
      let unsent = PQflush(try open(purpose))
      guard unsent >= 0 else { throw lost(purpose) }
      guard unsent == 1 else { return }
      let events = try wait(for: Int16(POLLIN) | Int16(POLLOUT), until: deadline, purpose)
      guard events != 0 else { throw lost(purpose, .timedOut, "the server took no rows in time") }
      // Read too, or both ends fill their buffers and wait for each other.
      if events & ~Int16(POLLOUT) != 0, PQconsumeInput(try open(purpose)) == 0 {
        throw lost(purpose)
      }
    }
  }
}
