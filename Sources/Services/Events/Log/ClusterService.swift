package import EventLogCore
package import GRPCCore
package import Schemas

/// What other processes that share this log pass on to the one that leads it.
///
/// It is given the log itself, never an engine that passes requests on: that is why none goes in a
/// circle.
package struct ClusterService: Wordweave_Events_V1_Cluster.SimpleServiceProtocol {
  let log: any LedEventLog

  /// Answers for a log.
  package init(_ log: any LedEventLog) { self.log = log }

  package func append(
    request: Wordweave_Events_V1_ForwardedAppendRequest,
    context: ServerContext
  ) async throws -> Wordweave_Events_V1_ForwardedAppendResponse {
    try await answering(context) {
      var asked = try AppendRequest(request.request)
      asked.isReserved = request.reserved
      let receipt: AppendReceipt
      do {
        receipt = try await log.append(asked)
      } catch let error as EventLogError {
        throw await refusal(error)
      }
      var answer = Wordweave_Events_V1_ForwardedAppendResponse()
      answer.receipt = Wordweave_Events_V1_AppendResponse(receipt)
      answer.head = await log.head(afterWriting: receipt.lastPosition).number
      return answer
    }
  }

  package func restore(
    request: Wordweave_Events_V1_ForwardedRestoreRequest,
    context: ServerContext
  ) async throws -> Wordweave_Events_V1_ForwardedRestoreResponse {
    try await answering(context) {
      let events: [RecordedEvent]
      do {
        events = try EnvelopeRun.events(in: request.envelopes)
        try await log.restore(events)
      } catch let error as EventLogError {
        throw await refusal(error)
      }
      var answer = Wordweave_Events_V1_ForwardedRestoreResponse()
      answer.head = await log.head(afterWriting: events.last?.position ?? .start).number
      return answer
    }
  }

  /// The error with the head that it rests on, so that its reader sees no less.
  private func refusal(_ error: EventLogError) async -> RPCError {
    var told = error.rpcError
    if let head = try? await log.head() {
      told.metadata.addString("\(head)", forKey: EventCalls.headKey)
    }
    return told
  }
}
