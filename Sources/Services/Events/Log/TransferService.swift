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
    try await answering {
      var count = 0
      for try await bytes in LogExport(of: store.engine) {
        count += bytes.count
        for start in stride(from: 0, to: bytes.count, by: EventPage.messageBytes) {
          var chunk = Wordweave_Events_V1_ExportChunk()
          chunk.data = Data(bytes[start..<min(start + EventPage.messageBytes, bytes.count)])
          try await response.write(chunk)
        }
      }
      // Behind what was exported: the file is that of the log before.
      try await ActionRecord(engine: store.engine)
        .note(.logExported, of: "log", details: [("bytes", "\(count)")])
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
