public import EventLogCore
public import RedisDriver

/// Snapshots in a Redis that many processes share and nobody trusts.
///
/// - Shape: as `SnapshotStore` says. A Redis that is away, slow, full or lying is one that keeps
///   nothing: every value is sealed together with its key, and one that does not open is forgotten.
/// - Units: a question costs at most the client's `commandTimeout`, an outage costs that once.
/// - Source: `SnapshotLaws`; the format stands at the head of `SnapshotSeal.swift`.
public struct RedisSnapshots: SnapshotStore {
  /// What became of a question or a snapshot, for counting.
  public enum Outcome: String, Sendable, CaseIterable {
    /// Found.
    case hit
    /// Nothing is kept.
    case miss
    /// Redis failed, or refused.
    case failure
    /// Redis was not asked: it is away, or as many questions as may are waiting.
    case skipped
    /// What was kept is damaged or forged.
    case distrusted
    /// Kept.
    case saved
    /// Not kept: a newer one is, or it is too large.
    case unsaved
  }

  /// How long a snapshot that nobody renews is kept: a stream that nobody touched for a week can be
  /// read again.
  public static let timeToLive = Duration.seconds(7 * 86_400)
  /// Bytes of the largest state that is kept, so that its value fits into one answer of the driver.
  public static let stateBytes = RedisLimits.valueBytes - (4 << 10)

  private let client: RedisClient
  private let seal: SnapshotSeal
  private let observe: @Sendable (Outcome) -> Void

  /// Makes a store.
  ///
  /// - Parameters:
  ///   - client: somebody else runs it.
  ///   - secret: 32 bytes or more that every process of the installation has and Redis has not.
  ///   - observe: told what becomes of each question and each snapshot.
  public init(
    _ client: RedisClient,
    secret: [UInt8],
    observe: @escaping @Sendable (Outcome) -> Void = { _ in }
  ) {
    self.client = client
    self.observe = observe
    seal = SnapshotSeal(secret: secret)
  }

  /// The newest snapshot of a key; nil if none is kept, or none that can be trusted.
  public func snapshot(for key: SnapshotKey) async -> Snapshot? {
    let value: [UInt8]
    do throws(RedisError) {
      switch try await client.run(.get(seal.key(key))) {
      case .bytes(let bytes): value = bytes
      case .null:
        observe(.miss)
        return nil
      default:
        observe(.failure)
        return nil
      }
    } catch {
      observe(error.isSkip ? .skipped : .failure)
      return nil
    }
    do throws(SnapshotSeal.Refusal) {
      let snapshot = try seal.open(value, for: key)
      observe(.hit)
      return snapshot
    } catch {
      observe(.distrusted)
      await forget([key])
      return nil
    }
  }

  /// Keeps snapshots, each unless a newer one of the same key is kept.
  ///
  /// Two processes that save at the same moment may leave the older one, which costs the next reader
  /// a few events and nothing else.
  public func save(_ snapshots: [Snapshot]) async {
    let fitting = snapshots.filter { $0.state.count <= Self.stateBytes }
    for _ in 0..<(snapshots.count - fitting.count) { observe(.unsaved) }
    guard !fitting.isEmpty else { return }
    do throws(RedisError) {
      let kept = try await client.run(
        fitting.map { .get(seal.key($0.key), first: SnapshotSeal.revisionBytes) }
      )
      let newer = zip(fitting, kept).filter { snapshot, reply in
        guard case .bytes(let bytes) = reply, let revision = seal.claimedRevision(bytes) else {
          return true
        }
        return revision <= snapshot.revision
      }
      for _ in 0..<(fitting.count - newer.count) { observe(.unsaved) }
      guard !newer.isEmpty else { return }
      // One by one: values may be large, and a question of somebody else may go between.
      for (snapshot, _) in newer {
        let command = RedisCommand.set(
          seal.key(snapshot.key),
          seal.seal(snapshot),
          expiresAfter: Self.timeToLive
        )
        observe(try await client.run(command) == .status("OK") ? .saved : .failure)
      }
    } catch {
      observe(error.isSkip ? .skipped : .failure)
    }
  }

  /// Forgets the snapshots of some keys.
  public func forget(_ keys: [SnapshotKey]) async {
    guard !keys.isEmpty else { return }
    _ = try? await client.run(keys.map { .delete(seal.key($0)) })
  }
}
