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
      // Whoever breaks an export off keeps what they have of it.
      try await record.noting(.logExported, of: "log") {
        count > 0 ? [("bytes", "\(count)")] : nil
      } during: {
        try await send(to: response, counting: &count)
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
    var chunks = LogExport(of: store.engine).makeAsyncIterator()
    while let bytes = try await CallScope.reading({ try await chunks.next() }) {
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
      // An export holds every position from the first on.
      let end = GlobalPosition(importing.count)
      answer.head = await store.engine.head(afterWriting: end).number
      return answer
    }
  }

  func restore(
    request: Wordweave_Events_V1_RestoreRequest,
    context: ServerContext
  ) async throws -> Wordweave_Events_V1_RestoreResponse {
    try await answering(context) {
      let events = try EnvelopeRun.events(in: request.envelopes)
      try await store.engine.restore(events)
      var answer = Wordweave_Events_V1_RestoreResponse()
      let end = events.last?.position ?? .start
      answer.head = await store.engine.head(afterWriting: end).number
      return answer
    }
  }
}
