internal import EventLogCore
internal import GRPCCore
internal import Schemas

/// Refuses calls that bear no token, a wrong one, or one without the right that the call takes.
struct TokenCheck: ServerInterceptor {
  static let header = "authorization"
  private static let scheme = "Bearer "

  let authority: any CallAuthority

  func intercept<Input: Sendable, Output: Sendable>(
    request: StreamingServerRequest<Input>,
    context: ServerContext,
    next:
      @concurrent @Sendable (StreamingServerRequest<Input>, ServerContext) async throws
      -> StreamingServerResponse<Output>
  ) async throws -> StreamingServerResponse<Output> {
    let entry = CallTable.entry(context.descriptor)
    guard let right = entry.right else { return try await next(request, context) }
    guard let header = request.metadata[stringValues: Self.header].first(where: { _ in true }),
      header.hasPrefix(Self.scheme)
    else {
      throw refusal("the call bears no token: send 'authorization: Bearer <token>'", context)
    }
    let token = String(header.dropFirst(Self.scheme.count))
    guard let rights = authority.rights(of: token) else {
      throw refusal("the token is not known, or was revoked", context)
    }
    guard rights.allow(right) else {
      throw RPCError(
        code: .permissionDenied,
        message: "\(context.descriptor.method) takes the right '\(right.text)', the token has "
          + "'\(rights.text)'"
      )
    }
    guard entry.isRecorded else { return try await next(request, context) }
    // Who calls is who bears the token, whatever the call says of itself.
    var named = request
    named.metadata.replaceOrAddString(authority.name(of: token), forKey: CallScope.actorKey)
    return try await next(named, context)
  }

  private func refusal(_ message: String, _ context: ServerContext) -> RPCError {
    context.descriptor.service.fullyQualifiedService
      == Umadb_V1_DCB.descriptor.fullyQualifiedService
      ? .umaDBUnauthenticated(message) : RPCError(code: .unauthenticated, message: message)
  }
}
