internal import EventLogCore
package import GRPCCore
internal import Schemas
internal import SwiftProtobuf

/// Runs `body` and turns its error into the status that clients of the protocol understand.
func answeringUmaDB<R>(_ body: () async throws -> R) async throws -> R {
  do {
    return try await body()
  } catch let error as EventLogError {
    throw RPCError(umaDB: error)
  } catch let error as RPCError {
    throw error
  } catch is CancellationError {
    throw RPCError(umaDB: .cancelled)
  } catch {
    throw RPCError(umaDB: .internal, .internalError, "the event log failed: \(error)")
  }
}

extension RPCError {
  /// The trailer that tells the kind of an error; other protocols put another message there.
  static let umaDBDetailsKey = "grpc-status-details-bin"

  /// What a caller of the protocol is told whose key is missing or wrong.
  package static func umaDBUnauthenticated(_ message: String) -> RPCError {
    RPCError(umaDB: .authentication, .unauthenticated, message)
  }

  init(umaDB error: EventLogError) {
    let error = error.brief
    let message = error.description
    switch error {
    case .conditionFailed, .conflict, .trackingNotIncreasing, .idConflict, .streamTombstoned,
      .logEpochChanged:
      self.init(umaDB: .integrity, .failedPrecondition, message)
    case .invalid, .tooLarge, .emptyAppend:
      self.init(umaDB: .invalidArgument, .invalidArgument, message)
    case .corrupt: self.init(umaDB: .corruption, .dataLoss, message)
    case .outcomeUnknown, .unavailable: self.init(umaDB: .io, .internalError, message)
    case .overloaded, .closed, .locked, .notLeader: self.init(umaDB: .io, .unavailable, message)
    case .cancelled: self.init(umaDB: .io, .cancelled, message)
    }
  }

  fileprivate init(
    umaDB type: Umadb_V1_ErrorResponse.ErrorType,
    _ code: RPCError.Code,
    _ text: String
  ) {
    let message = text.brief
    self.init(code: code, message: message)
    var details = Umadb_V1_ErrorResponse()
    details.message = message
    details.errorType = type
    // Without details the status still tells the cause.
    guard let bytes: [UInt8] = try? details.serializedBytes() else { return }
    metadata.addBinary(bytes, forKey: Self.umaDBDetailsKey)
  }
}

extension MethodDescriptor {
  /// Whether callers expect the errors of that protocol.
  ///
  /// By name: what else a descriptor says of a call, a request does not.
  var isUmaDB: Bool {
    service.fullyQualifiedService == Umadb_V1_DCB.descriptor.fullyQualifiedService
  }
}
