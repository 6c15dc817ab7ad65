internal import GRPCCore
internal import Schemas
internal import Synchronization

/// The standing of accounts whose tokens come in, asked of the Users Service and kept for a moment.
///
/// Services decide about writes from the account's stream; what is kept here only spares a call
/// for each read.
final class Accounts: Sendable {
  struct Standing: Sendable {
    let roles: Set<String>
    let isSuspended: Bool
    let isDeleted: Bool
  }

  /// A suspension or a role is seen by the gateway after so long at most.
  private static let freshness: Int64 = 5_000_000
  private static let capacity = 100_000
  private let upstreams: Upstreams
  private let clock: @Sendable () -> Int64
  private let known: Mutex<GenerationCache<String, (standing: Standing, at: Int64)>>

  init(_ upstreams: Upstreams, clock: @escaping @Sendable () -> Int64) {
    self.upstreams = upstreams
    self.clock = clock
    known = Mutex(GenerationCache(capacity: Self.capacity))
  }

  /// The standing of a token's subject; one that nobody knows becomes a provisional account.
  func standing(of subject: String) async throws(Problem) -> Standing {
    let now = clock()
    let kept = known.withLock { $0[subject] }
    if let kept, now - kept.at < Self.freshness { return kept.standing }
    var request = Wordweave_Users_V1_ProvisionRequest()
    request.userID = subject
    var metadata = Metadata()
    metadata.addString(subject, forKey: "ww-actor")
    let standing: Standing
    do {
      let user = try await upstreams.users.provision(
        request,
        metadata: metadata,
        options: Upstreams.writeOptions
      ) { try $0.message.user }
      standing = Standing(roles: Set(user.roles), isSuspended: user.suspended, isDeleted: false)
    } catch {
      guard let error = error as? RPCError else { throw Problem(.internal) }
      let code = error.metadata.first("ww-rejection") ?? ""
      switch (error.code, code) {
      case (.notFound, _), (.failedPrecondition, "gone"), (.failedPrecondition, "deleted"):
        standing = Standing(roles: [], isSuspended: false, isDeleted: true)
      case (.failedPrecondition, "suspended"):
        standing = Standing(roles: [], isSuspended: true, isDeleted: false)
      default: throw Problem(error)
      }
    }
    known.withLock { $0[subject] = (standing, now) }
    return standing
  }

  /// Forgets an account, so that its next request sees what was just changed.
  func forget(_ subject: String) { known.withLock { $0[subject] = nil } }
}
