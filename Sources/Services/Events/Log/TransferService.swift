internal import EventLogCore
internal import Foundation
internal import GRPCCore
internal import Schemas

/// Whole logs as bytes, over gRPC.
struct TransferService: Wordweave_Events_V1_Transfer.SimpleServiceProtocol {
  let store: EventStore

  func export(
    request: Wordweave_Events_V1_ExportRequest,
    response: RPCWriter<Wordweave_Events_V1_ExportChunk>,
    context: ServerContext
  ) async throws {
    let record = ActionRecord(engine: store.engine)
    try await answering {
      var count = 0
      do {
        try await send(to: response, counting: &count)
      } catch {
        // Whoever breaks an export off keeps what they have of it.
        if count > 0 {
          await record.noteBrokenOff(.logExported, of: "log", details: [("bytes", "\(count)")])
        }
        throw error
      }
      // Behind what was exported: the file is that of the log before.
      try await record.note(.logExported, of: "log", details: [("bytes", "\(count)")])
    }
  }

  /// Writes the log; bytes are counted before they are written, since of a message that breaks off
  /// a part may arrive.
  private func send(
    to response: RPCWriter<Wordweave_Events_V1_ExportChunk>,
    counting count: inout Int
  ) async throws {
    for try await bytes in LogExport(of: store.engine) {
      for start in stride(from: 0, to: bytes.count, by: EventPage.messageBytes) {
        var chunk = Wordweave_Events_V1_ExportChunk()
        chunk.data = Data(bytes[start..<min(start + EventPage.messageBytes, bytes.count)])
        count += chunk.data.count
        try await response.write(chunk)
      }
    }
  }

  func `import`(
    request: RPCAsyncSequence<Wordweave_Events_V1_ImportChunk, any Error>,
    context: ServerContext
  ) async throws -> Wordweave_Events_V1_ImportResponse {
    try await answering(context) {
      var importing = LogImport(into: store.engine)
      for try await chunk in request { try await importing.feed(chunk.data) }
      try importing.finish()
      var answer = Wordweave_Events_V1_ImportResponse()
      answer.events = importing.count
      answer.head = try await store.engine.head().number
      return answer
    }
  }

  func restore(
    request: Wordweave_Events_V1_RestoreRequest,
    context: ServerContext
  ) async throws -> Wordweave_Events_V1_RestoreResponse {
    try await answering(context) {
      try await store.engine.restore(try EnvelopeRun.events(in: request.envelopes))
      var answer = Wordweave_Events_V1_RestoreResponse()
      answer.head = try await store.engine.head().number
      return answer
    }
  }
}
