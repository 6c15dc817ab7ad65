package import GRPCCore
internal import Schemas

/// Refuses calls whose caller is neither operator nor administrator.
///
/// The log shows everything that ever happened, drafts and addresses included; who may call is
/// therefore decided before a request is read. `Head` alone is open: a position tells nothing, and the
/// gateway asks for it on everybody's behalf.
package struct OperatorsOnly: ServerInterceptor {
  package init() {}

  package func intercept<Input: Sendable, Output: Sendable>(
    request: StreamingServerRequest<Input>,
    context: ServerContext,
    next:
      @concurrent @Sendable (StreamingServerRequest<Input>, ServerContext) async throws
      -> StreamingServerResponse<Output>
  ) async throws -> StreamingServerResponse<Output> {
    guard context.descriptor != Wordweave_Events_V1_EventLog.Method.Head.descriptor else {
      return try await next(request, context)
    }
    let roles = request.metadata[stringValues: "ww-roles"].joined(separator: ",")
      .split(separator: ",")
    guard roles.contains("operator") || roles.contains("administrator") else {
      throw RPCError(
        code: .permissionDenied,
        message: "\(context.descriptor.method) is for operators and administrators"
      )
    }
    let scope = CallScope.current.naming(request.metadata)
    return try await CallScope.$current.withValue(scope) { try await next(request, context) }
      .scoped(scope)
  }
}
