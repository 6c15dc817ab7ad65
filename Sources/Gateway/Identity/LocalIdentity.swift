internal import Crypto
public import Gateway
public import Logging
public import ServiceLifecycle
internal import Synchronization

/// Work that blocks for long, run on threads that the composition root owns.
public protocol BlockingWork: Sendable {
  /// Runs `body` elsewhere and gives its result.
  func run<R: Sendable>(_ body: @escaping @Sendable () throws -> R) async throws -> R
}

/// The development identity: plays the foreign identity provider, so that the whole chain from
/// account to verified token runs without a network.
///
/// - Shape: routes below `/identity` for the gateway, and the keys that verify its tokens.
/// - Errors: making one throws if the store cannot be read.
public final class LocalIdentity: GatewayExtension, KeySource, Service {
  /// Seconds that a session lives without being ended.
  static let sessionLife: Int64 = 30 * 86_400_000_000

  let accounts: AccountDirectory
  let keys: SigningKeys
  let issuer: TokenIssuer
  let upstreams: Upstreams
  let blocking: any BlockingWork
  let clock: @Sendable () -> Int64
  let cost: PasswordHash.Cost
  let logger: Logger
  private let origin: PublicOrigin
  private let dummy = Mutex<PasswordHash?>(nil)

  /// Loads accounts and keys, or makes keys; blocks for some hundred milliseconds the first time.
  public convenience init(
    store: any IdentityStore,
    origin: PublicOrigin,
    upstreams: Upstreams,
    blocking: any BlockingWork,
    clock: @escaping @Sendable () -> Int64,
    logger: Logger
  ) throws {
    try self.init(
      store: store,
      origin: origin,
      upstreams: upstreams,
      blocking: blocking,
      clock: clock,
      cost: .standard,
      logger: logger
    )
  }

  package init(
    store: any IdentityStore,
    origin: PublicOrigin,
    upstreams: Upstreams,
    blocking: any BlockingWork,
    clock: @escaping @Sendable () -> Int64,
    cost: PasswordHash.Cost,
    logger: Logger
  ) throws {
    self.origin = origin
    self.upstreams = upstreams
    self.blocking = blocking
    self.clock = clock
    self.cost = cost
    self.logger = logger
    accounts = try AccountDirectory(store)
    keys = try SigningKeys(store, clock: clock)
    issuer = TokenIssuer(
      keys: keys,
      issuer: { origin.text + "/identity" },
      party: { origin.text },
      clock: clock
    )
  }

  /// Rotates keys that have come of age, until shut down.
  public func run() async throws {
    await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        do {
          try await Task.sleep(for: .seconds(60))
        } catch {
          return
        }
        guard self.keys.isDue else { continue }
        do {
          try await self.blocking.run { try self.keys.rotate() }
        } catch {
          self.logger.error("Keys could not be rotated", metadata: ["error": "\(error)"])
        }
      }
    }
  }

  /// Whether tokens of this issuer are ours.
  public func accepts(issuer: String) -> Bool { issuer == origin.text + "/identity" }

  /// The key that a token names.
  public func key(issuer: String, kid: String) async throws(KeySourceFailure) -> VerificationKey? {
    keys.key(kid: kid)
  }

  /// Always: the keys are here.
  public var isReady: Bool { true }

  /// What an unknown account's password is compared with, so that it takes as long as a known's.
  func dummyHash() throws -> PasswordHash {
    if let made = dummy.withLock({ $0 }) { return made }
    let made = try PasswordHash("nobody's password", cost: cost)
    dummy.withLock { $0 = made }
    return made
  }

  /// A new session with its secret, which is told once and kept only as a digest.
  func makeSession() -> (session: Account.Session, secret: String) {
    var random = SystemRandomNumberGenerator()
    let secret = Base64Text.urlEncoded(
      (0..<32).map { _ in UInt8.random(in: 0...255, using: &random) }
    )
    let now = clock()
    let session = Account.Session(
      id: "sess_" + Identifier.hex(Identifier.make()),
      secretDigest: Self.digest(secret),
      createdAt: now,
      expiresAt: now + Self.sessionLife
    )
    return (session, secret)
  }

  static func digest(_ secret: String) -> String {
    Base64Text.urlEncoded(SHA256.hash(data: Array(secret.utf8)))
  }
}
