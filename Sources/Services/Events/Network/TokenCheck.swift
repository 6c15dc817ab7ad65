internal import EventLogCore
internal import GRPCCore
internal import Schemas

/// Refuses calls that bear no token, a wrong one, or one without the right that the call takes; a
/// stream also ends when its token loses the right while it runs.
struct TokenCheck: ServerInterceptor {
  static let header = "authorization"
  private static let scheme = "Bearer "

  let authority: any CallAuthority
  let running: RunningCalls

  func intercept<Input: Sendable, Output: Sendable>(
    request: StreamingServerRequest<Input>,
    context: ServerContext,
    next:
      @concurrent @Sendable (StreamingServerRequest<Input>, ServerContext) async throws
      -> StreamingServerResponse<Output>
  ) async throws -> StreamingServerResponse<Output> {
    let entry = CallTable.entry(context.descriptor)
    guard let right = entry.right else { return try await next(request, context) }
    let method = context.descriptor
    let token = try admit(request.metadata, method, right)
    let named = entry.isRecorded ? request.named(authority.name(of: token)) : request
    guard entry.isStream else { return try await next(named, context) }
    let call = RunningCall(context.cancellation) { rights in
      Self.refusal(of: rights, to: right, method)
    }
    // What the caller sends is taken in here, what it receives is made by the producer.
    var response = try await running.following(call, token) { try await next(named, context) }
    guard case .success(var contents) = response.accepted else { return response }
    let producer = contents.producer
    contents.producer = { [running] writer in
      try await running.following(call, token) { try await producer(writer) }
    }
    response.accepted = .success(contents)
    return response
  }

  /// Refuses a call that is not for whoever makes it.
  func admit(_ head: RequestHead, _ entry: CallTable.Entry) throws(RPCError) {
    guard let right = entry.right else { return }
    _ = try admit(head.metadata, head.method, right)
  }

  /// The token of a call that its bearer may make.
  private func admit(
    _ metadata: GRPCCore.Metadata,
    _ method: MethodDescriptor,
    _ right: CallRights
  ) throws(RPCError) -> String {
    guard let header = metadata[stringValues: Self.header].first(where: { _ in true }),
      header.hasPrefix(Self.scheme)
    else {
      throw Self.refusal("the call bears no token: send 'authorization: Bearer <token>'", method)
    }
    let token = String(header.dropFirst(Self.scheme.count))
    if let refusal = Self.refusal(of: authority.rights(of: token), to: right, method) {
      throw refusal
    }
    return token
  }

  /// Why a bearer of these rights may not make a call; nil if it may.
  private static func refusal(
    of rights: CallRights?,
    to right: CallRights,
    _ method: MethodDescriptor
  ) -> RPCError? {
    guard let rights else { return refusal("the token is not known, or was revoked", method) }
    guard !rights.allow(right) else { return nil }
    return RPCError(
      code: .permissionDenied,
      message: "\(method.method) takes the right '\(right.text)', the token has "
        + "'\(rights.text)'"
    )
  }

  private static func refusal(_ message: String, _ method: MethodDescriptor) -> RPCError {
    method.isUmaDB
      ? .umaDBUnauthenticated(message) : RPCError(code: .unauthenticated, message: message)
  }
}

extension StreamingServerRequest {
  /// The request of a caller who is whoever bears the token, whatever the call says of itself.
  fileprivate func named(_ actor: String) -> StreamingServerRequest {
    var request = self
    request.metadata.replaceOrAddString(actor, forKey: CallScope.actorKey)
    return request
  }
}
