internal import GRPCCore
internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import NIOCore
internal import Synchronization

/// The one way of every request: limits, identity of the request, CORS, route, who asks, floor,
/// handler; then header fields and metrics on whatever came of it.
struct GatewayResponder: HTTPResponder {
  typealias Context = BasicRequestContext
  let core: GatewayCore
  let table: RouteTable
  let unmatched: RouteMeter

  func respond(to request: Request, context: BasicRequestContext) async throws -> Response {
    let start = ContinuousClock.now
    let id = Self.requestID(request.headers[.requestID])
    var meter = unmatched
    var response: Response
    do throws(Problem) {
      response = try await admitted(request, id, &meter)
    } catch {
      if error.kind.status >= 500, error.kind != .overloaded {
        core.logger.debug(
          "Request failed",
          metadata: ["problem": "\(error.kind.slug)", "request.id": "\(id)"]
        )
      }
      core.report(error, of: id)
      response = error.response(instance: id)
    }
    finish(&response, request, id)
    meter.observe(status: response.status.code, duration: ContinuousClock.now - start)
    return response
  }

  private func admitted(
    _ request: Request,
    _ id: String,
    _ meter: inout RouteMeter
  ) async throws(Problem) -> Response {
    let target = request.head.path ?? ""
    guard target.utf8.count <= GatewayLimits.target else {
      throw Problem(.uriTooLong).with(.connection, "close")
    }
    var bytes = 0
    for field in request.headers { bytes += field.name.rawName.utf8.count + field.value.utf8.count }
    guard bytes <= GatewayLimits.headers else {
      throw Problem(.headersTooLarge).with(.connection, "close")
    }
    let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    let path = parts.first ?? ""
    if let preflight = preflight(request, path) { return preflight }
    let entry: RouteTable.Entry
    let parameters: [String: String]
    switch table.match(request.method, path) {
    case .found(let found, let values):
      entry = found
      parameters = values
    case .otherMethods(let methods):
      let names = methods.map(\.rawValue) + (methods.contains(.get) ? ["HEAD"] : [])
      throw Problem(.methodNotAllowed).with(.allow, names.joined(separator: ", "))
    case .nothing: throw Problem(.notFound)
    }
    meter = entry.meter
    let isExempt = entry.route.access == .open
    let before = core.inFlight.wrappingAdd(1, ordering: .relaxed).oldValue
    defer { core.inFlight.wrappingSubtract(1, ordering: .relaxed) }
    guard isExempt || before < core.configuration.inFlightLimit else {
      throw Problem(.overloaded).retrying(afterSeconds: 1).with(.connection, "close")
    }
    return try await answer(
      request,
      entry.route,
      id: id,
      parameters: parameters,
      path: path,
      query: try QueryText(parts.count > 1 ? parts[1] : nil)
    )
  }

  private func answer(
    _ request: Request,
    _ route: Route,
    id: String,
    parameters: [String: String],
    path: Substring,
    query: QueryText
  ) async throws(Problem) -> Response {
    let principal =
      route.access == .open
      ? nil
      : try await core.authenticator.principal(of: request.head, isRecorded: route.isRecorded)
    try authorize(principal, route, request)
    var exchange = Exchange(
      request: request,
      core: core,
      requestID: id,
      parameters: parameters,
      path: path,
      query: query,
      principal: principal,
      patience: Preference.wait(request.headers[values: .prefer])
    )
    if route.access != .open { exchange.floor = try await floor(of: request, principal) }
    var response: Response
    do {
      response = try await route.handler(&exchange)
      await exchange.settle()
      if let digest = exchange.markedDigest { core.unmark(digest) }
    } catch {
      if let digest = exchange.markedDigest { core.unmark(digest) }
      if !(error is Problem), !(error is RPCError), !(error is CancellationError) {
        core.logger.error(
          "A handler failed",
          metadata: ["error": "\(error)", "request.id": "\(id)"]
        )
      }
      let problem = Exchange.problem(error, expectsRevision: false)
      throw route.access == .administrator ? problem.toOperators : problem
    }
    for field in exchange.headers { response.headers.append(field) }
    if let position = exchange.position {
      if let principal { core.floors.remember(position, for: principal.subject) }
      if (try? await core.logID()) != nil { response.headers[.position] = core.place(position) }
    }
    if principal != nil {
      if response.headers[.cacheControl] == nil {
        response.headers[.cacheControl] = "private, no-cache"
      }
    } else if response.headers[.cacheControl] == nil, route.access != .open {
      response.headers[.cacheControl] = "no-cache"
    }
    return response
  }

  private func authorize(
    _ principal: Principal?,
    _ route: Route,
    _ request: Request
  ) throws(Problem) {
    switch route.access {
    case .open: return
    case .anybody: break
    case .account:
      guard principal != nil else { throw Problem(.unauthenticated) }
    case .administrator:
      guard let principal else { throw Problem(.unauthenticated) }
      guard !principal.isImpersonated else { throw Problem(.impersonationNotAllowed) }
      guard principal.roles.contains("administrator") else { throw Problem(.forbidden) }
    }
    if let principal, principal.isSuspended {
      // Whoever may not write reads as everybody does, and not as who administers.
      let onlyReads = request.method == .get || request.method == .head
      guard onlyReads, route.access != .administrator else { throw Problem(.accountSuspended) }
    }
  }

  /// The greatest of the header, the cookie and what is remembered.
  private func floor(
    of request: Request,
    _ principal: Principal?
  ) async throws(Problem) -> (position: UInt64, isAskedFor: Bool)? {
    var asked: [LogPlace] = []
    let fields = request.headers[values: .minimumPosition]
    if fields.count > 1 {
      throw Problem(
        .malformedRequest,
        "The position came twice.",
        pointer: "WordWeave-Min-Position"
      )
    }
    if let field = fields.first {
      asked.append(try LogPlace(field, name: "WordWeave-Min-Position"))
    }
    for value in request.headers[values: .cookie] {
      for pair in value.split(separator: ";") {
        let parts = pair.split(separator: "=", maxSplits: 1)
        guard parts.count == 2, String(parts[0]).trimmed == "ww_position" else { continue }
        asked.append(try LogPlace(String(parts[1]), name: "ww_position"))
      }
    }
    let remembered = principal.flatMap { core.floors.floor(of: $0.subject) }
    guard !asked.isEmpty else { return remembered.map { ($0, false) } }
    let log = try await core.logID()
    for place in asked where place.log != log { throw Problem(.logChanged) }
    let position = asked.map(\.position).max() ?? 0
    if let remembered, remembered > position { return (remembered, false) }
    return (position, true)
  }

  // MARK: What every answer bears

  private func finish(_ response: inout Response, _ request: Request, _ id: String) {
    response.headers[.requestID] = id
    response.headers[.xContentTypeOptions] = "nosniff"
    response.headers[.referrerPolicy] = "no-referrer"
    if response.headers[.contentSecurityPolicy] == nil {
      response.headers[.contentSecurityPolicy] = "default-src 'none'; frame-ancestors 'none'"
    }
    response.headers.append(.init(name: .vary, value: "Origin"))
    if let origin = request.headers[.origin], core.isAllowed(origin: origin) {
      response.headers[.accessControlAllowOrigin] = origin
      response.headers[.accessControlAllowCredentials] = "true"
      response.headers[.accessControlExposeHeaders] =
        "ETag, Link, Location, Retry-After, RateLimit, RateLimit-Policy, WordWeave-Position, "
        + "X-Request-Id"
    }
    if core.isClosing { response.headers[.connection] = "close" }
    if request.method == .head { response = Self.withoutBody(response) }
  }

  /// HEAD has the header fields of GET, the length among them, and no body.
  private static func withoutBody(_ response: Response) -> Response {
    let length = response.headers[.contentLength]
    var head = response.createHeadResponse()
    head.headers[.contentLength] = length
    return head
  }

  private func preflight(_ request: Request, _ path: Substring) -> Response? {
    guard request.method == .options, let origin = request.headers[.origin],
      request.headers[.accessControlRequestMethod] != nil
    else { return nil }
    guard core.isAllowed(origin: origin) else { return Response(status: .noContent) }
    return Response(
      status: .noContent,
      headers: [
        .accessControlAllowMethods: "GET, HEAD, POST, PUT, PATCH, DELETE",
        .accessControlAllowHeaders:
          "Authorization, Content-Type, If-Match, If-None-Match, Idempotency-Key, Prefer, "
          + "WordWeave-Min-Position, X-Request-Id",
        .accessControlMaxAge: "600",
      ]
    )
  }

  static func requestID(_ field: String?) -> String {
    guard let field, (8...64).contains(field.utf8.count),
      field.utf8.allSatisfy({
        (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
          || $0 == 0x2D || $0 == 0x2E || $0 == 0x5F
      })
    else { return Identifier.text(Identifier.make()) }
    return field
  }
}
