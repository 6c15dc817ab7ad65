internal import Gateway
internal import Synchronization

/// Three keys: `previous` is still accepted, `current` signs, `next` is published already, so that
/// whoever caches the set knows it before the first token of it.
final class SigningKeys: Sendable {
  /// Keys change after a day; a token of the previous key lives for minutes only.
  static let life: Int64 = 86_400_000_000
  private static let folder = "keys"

  struct Ring: Sendable {
    var previous: SigningKey?
    var current: SigningKey
    var next: SigningKey
    var all: [SigningKey] { [next, current] + (previous.map { [$0] } ?? []) }
  }

  private let store: any IdentityStore
  private let clock: @Sendable () -> Int64
  private let held: Mutex<Ring>
  private let verifying: Mutex<[String: VerificationKey]>

  /// Loads the keys, or makes them; blocks.
  init(_ store: any IdentityStore, clock: @escaping @Sendable () -> Int64) throws {
    self.store = store
    self.clock = clock
    var found: [String: SigningKey] = [:]
    for file in try store.load(folder: Self.folder) {
      guard let key = SigningKey(encoded: file.bytes) else {
        throw IdentityStoreError("read key \(file.name): it is not a key")
      }
      found[file.name] = key
    }
    let ring = Ring(
      previous: found["previous"],
      current: try found["current"] ?? SigningKey(createdAt: clock()),
      next: try found["next"] ?? SigningKey(createdAt: clock())
    )
    held = Mutex(ring)
    verifying = Mutex(Self.verifying(ring))
    if found["current"] == nil || found["next"] == nil { try save(ring) }
  }

  var ring: Ring { held.withLock { $0 } }
  var isDue: Bool { clock() - ring.current.createdAt >= Self.life }

  func key(kid: String) -> VerificationKey? { verifying.withLock { $0[kid] } }

  /// Next becomes current, current becomes previous; blocks for the making of a key.
  func rotate() throws {
    let fresh = try SigningKey(createdAt: clock())
    let ring = held.withLock { ring in
      ring.previous = ring.current
      ring.current = ring.next
      ring.next = fresh
      return ring
    }
    verifying.withLock { $0 = Self.verifying(ring) }
    try save(ring)
  }

  private static func verifying(_ ring: Ring) -> [String: VerificationKey] {
    var keys: [String: VerificationKey] = [:]
    for key in ring.all { keys[key.kid] = key.verificationKey }
    return keys
  }

  private func save(_ ring: Ring) throws {
    if let previous = ring.previous {
      try store.save(previous.encoded(), folder: Self.folder, name: "previous")
    }
    try store.save(ring.current.encoded(), folder: Self.folder, name: "current")
    try store.save(ring.next.encoded(), folder: Self.folder, name: "next")
  }
}
