internal import Foundation
internal import GRPCCore
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import Schemas

/// Whole logs as bytes, for operators: what is stored travels as it is stored.
enum TransferRoutes {
  static let all = [
    Route(.get, "/v1/admin/log/export", .administrator, isRecorded: true, export),
    Route(.post, "/v1/admin/log/restorations", .administrator, restore),
  ]

  private static let bytes = "application/octet-stream"

  /// A restoration of the largest size is several commits.
  private static let restoreOptions = Upstreams.options(timeout: .seconds(60))

  private static func export(_ exchange: inout Exchange) async throws -> Response {
    let metadata = exchange.callMetadata
    let transfer = exchange.core.upstreams.transfer
    return exchange.bytes(bytes) { conveyor in
      try await transfer.export(
        .init(),
        metadata: metadata,
        options: Upstreams.options(timeout: nil)
      ) { response in
        for try await chunk in response.messages {
          try await conveyor.send(ByteBuffer(bytes: chunk.data))
        }
      }
    }
  }

  /// Writes stored events at their own positions.
  private static func restore(_ exchange: inout Exchange) async throws -> Response {
    try exchange.checkOperator("Restoring a log")
    let body = try await exchange.body(limit: GatewayLimits.restorationBody, types: [bytes])
    var request = Wordweave_Events_V1_RestoreRequest()
    request.envelopes = Data(body.readableBytesView)
    let answer = try await exchange.core.upstreams.transfer.restore(
      request,
      metadata: exchange.callMetadata,
      options: restoreOptions
    )
    return try exchange.json { (writer) throws(Problem) in
      writer.object { $0.member("head", answer.head) }
    }
  }
}

extension Exchange {
  /// Refuses everybody but the operator, administrators among the accounts included: what follows
  /// touches the machine, or the log as a whole.
  func checkOperator(_ what: String) throws(Problem) {
    guard principal?.roles.contains("operator") == true else {
      throw Problem(.forbidden, "\(what) is for the operator.")
    }
  }
}
