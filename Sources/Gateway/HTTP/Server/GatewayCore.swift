internal import GRPCCore
package import Logging
internal import Schemas
internal import Synchronization

/// What all requests of a gateway share.
package final class GatewayCore: Sendable {
  package let configuration: GatewayConfiguration
  package let upstreams: Upstreams
  package let origin: PublicOrigin
  package let floors: Floors
  package let cursors: CursorSeal
  package let keys: any KeySource
  package let registry: PrometheusRegistry
  package let logger: Logger
  let accounts: Accounts
  let renderedPosts = RenderedPosts()
  let authenticator: Authenticator
  private let log = Mutex<String?>(nil)
  private let inFlightKeys = Mutex<Set<[UInt8]>>([])
  let inFlight = Atomic<Int>(0)
  let phase = Atomic<Int>(0)

  /// Where a gateway stands on its way to the end.
  enum Phase: Int { case serving, draining, closing }

  init(
    _ configuration: GatewayConfiguration,
    upstreams: Upstreams,
    keys: any KeySource,
    origin: PublicOrigin,
    registry: PrometheusRegistry,
    logger: Logger
  ) {
    self.configuration = configuration
    self.upstreams = upstreams
    self.origin = origin
    self.keys = keys
    self.registry = registry
    self.logger = logger
    let clock = configuration.clock
    floors = Floors(clock: clock)
    cursors = CursorSeal(key: configuration.cursorKey)
    accounts = Accounts(upstreams, clock: clock)
    let allowed = configuration.allowedOrigins
    let isAllowed: @Sendable (String) -> Bool = { $0 == origin.text || allowed.contains($0) }
    authenticator = Authenticator(
      verifier: TokenVerifier(
        keys: keys,
        parties: isAllowed,
        allowsMissingParty: configuration.allowsMissingParty,
        audience: configuration.audience,
        clock: clock
      ),
      accounts: accounts,
      operatorToken: configuration.operatorToken,
      origins: isAllowed,
      clock: clock
    )
  }

  var isDraining: Bool { phase.load(ordering: .relaxed) != Phase.serving.rawValue }
  var isClosing: Bool { phase.load(ordering: .relaxed) == Phase.closing.rawValue }

  func isAllowed(origin text: String) -> Bool {
    text == origin.text || configuration.allowedOrigins.contains(text)
  }

  /// Forgets what is kept of an account, so that its next request sees what was just changed.
  package func forgetAccount(_ subject: String) { accounts.forget(subject) }

  /// Whether nobody else is at work under this key; if so, it is marked until `unmark`.
  func mark(_ digest: [UInt8]) -> Bool { inFlightKeys.withLock { $0.insert(digest).inserted } }
  func unmark(_ digest: [UInt8]) { inFlightKeys.withLock { _ = $0.remove(digest) } }

  /// Logs the failure of a service behind a problem, for whoever has the request's id.
  package func report(_ problem: Problem, of id: String) {
    guard let cause = problem.cause else { return }
    logger.error("A service failed", metadata: ["error": "\(cause)", "request.id": "\(id)"])
  }

  /// A position as clients carry it; empty as long as the log is not known.
  package func place(_ position: UInt64) -> String {
    log.withLock { $0 }.map { LogPlace(log: $0, position: position).text } ?? ""
  }

  /// Which log it is; asked for once, and again by `refreshLog`.
  package func logID() async throws(Problem) -> String {
    if let known = log.withLock({ $0 }) { return known }
    return try await refreshLog()
  }

  /// Asks the Event Service which log it is; another one than before clears what is remembered.
  @discardableResult
  func refreshLog() async throws(Problem) -> String {
    let answer: Wordweave_Events_V1_HeadResponse
    do {
      answer = try await upstreams.eventLog.head(
        .init(),
        options: Upstreams.options(timeout: .seconds(2))
      )
    } catch {
      throw Exchange.problem(error, expectsRevision: false)
    }
    // A place is split at its last point and stands in a header field: anything else is taken out.
    let text = String(
      answer.log.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") ? $0 : "_" }
    )
    let changed = log.withLock { log in
      defer { log = text }
      return log != nil && log != text
    }
    if changed { floors.clear() }
    return text
  }
}
