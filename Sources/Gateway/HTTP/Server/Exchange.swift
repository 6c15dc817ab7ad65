package import HTTPTypes
package import Hummingbird
internal import NIOCore

/// One request on its way to an answer: who asks, what was promised, what services told.
package struct Exchange {
  package let request: Request
  package let core: GatewayCore
  /// `[A-Za-z0-9._-]{8,64}`: the client's, or a UUIDv7.
  package let requestID: String
  package let parameters: [String: String]
  /// The target up to `?`.
  package let path: Substring
  package let query: QueryText
  package let principal: Principal?
  /// The greatest position that answers told of.
  package private(set) var position: UInt64?
  /// Header fields that the answer will bear.
  package var headers: HTTPFields = [:]
  /// The least position reads must reflect, and whether the client asked for it by name.
  var floor: (position: UInt64, isAskedFor: Bool)?
  var patience: Int
  var waitsForSettling: Bool
  /// Set for writes that bear an Idempotency-Key.
  var command: Command?
  /// The Idempotency-Key's mark to take away at the end.
  var markedDigest: [UInt8]?

  struct Command {
    let id: [UInt8]
    let keyDigest: String
    let fingerprint: String
  }

  init(
    request: Request,
    core: GatewayCore,
    requestID: String,
    parameters: [String: String],
    path: Substring,
    query: QueryText,
    principal: Principal?,
    patience: Int?
  ) {
    self.request = request
    self.core = core
    self.requestID = requestID
    self.parameters = parameters
    self.path = path
    self.query = query
    self.principal = principal
    self.patience = patience ?? GatewayLimits.patience
    waitsForSettling = patience != nil
  }

  /// A path parameter; the route's pattern names it.
  package func parameter(_ name: String) -> String { parameters[name] ?? "" }

  /// A path parameter that must be a UUID, in lower case; anything else names nothing.
  package func identifier(_ name: String) throws(Problem) -> String {
    guard let bytes = Identifier.bytes(parameter(name)) else { throw Problem(.notFound) }
    return Identifier.text(bytes)
  }

  /// A path parameter that must be a revision; anything else names nothing.
  package func revision(_ name: String) throws(Problem) -> UInt64 {
    let text = parameter(name)
    guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let revision = UInt64(text) else {
      throw Problem(.notFound)
    }
    return revision
  }

  /// The account that asks, where the route wants one.
  package func account() throws(Problem) -> Principal {
    guard let principal else { throw Problem(.unauthenticated) }
    return principal
  }

  /// Notes a position that an answer told of.
  package mutating func note(_ other: UInt64?) {
    guard let other else { return }
    position = max(position ?? 0, other)
  }

  /// The command id for a write: derived of the Idempotency-Key, or empty.
  package var commandID: [UInt8] { command?.id ?? [] }
}
