internal import CryptoExtras
internal import Foundation
internal import Gateway

/// Passwords as scrypt hashes: `$scrypt$ln=15,r=8,p=3$salt$key`, base64 without padding.
///
/// One hash takes 32 MiB and some hundred milliseconds on purpose: call it on threads that may
/// block, as many at most as there are cores.
package struct PasswordHash: Sendable, Equatable {
  /// The cost of a hash.
  package struct Cost: Sendable, Equatable {
    /// log2 of scrypt's N.
    package let logRounds: Int
    package let blockSize: Int
    package let parallelism: Int
    /// What new hashes cost.
    package static let standard = Cost(logRounds: 15, blockSize: 8, parallelism: 3)
    /// For tests, which hash often and guard nothing.
    package static let trivial = Cost(logRounds: 4, blockSize: 1, parallelism: 1)

    package init(logRounds: Int, blockSize: Int, parallelism: Int) {
      self.logRounds = logRounds
      self.blockSize = blockSize
      self.parallelism = parallelism
    }
  }

  private static let saltCount = 16
  private static let keyCount = 32
  package let cost: Cost
  let salt: [UInt8]
  let key: [UInt8]

  /// Hashes a password with a fresh salt.
  package init(_ password: String, cost: Cost = .standard) throws {
    var random = SystemRandomNumberGenerator()
    let salt = (0..<Self.saltCount).map { _ in UInt8.random(in: 0...255, using: &random) }
    self.cost = cost
    self.salt = salt
    key = try Self.derive(Self.normalized(password), salt, cost, count: Self.keyCount)
  }

  /// Reads what `text` renders; nil for anything else.
  package init?(stored text: String) {
    let parts = text.split(separator: "$", omittingEmptySubsequences: false)
    guard parts.count == 5, parts[0].isEmpty, parts[1] == "scrypt" else { return nil }
    let numbers = parts[2].split(separator: ",").compactMap { item -> (Substring, Int)? in
      let pair = item.split(separator: "=")
      guard pair.count == 2, let number = Int(pair[1]) else { return nil }
      return (pair[0], number)
    }
    guard numbers.map(\.0) == ["ln", "r", "p"], (1...20).contains(numbers[0].1),
      (1...32).contains(numbers[1].1), (1...16).contains(numbers[2].1),
      let salt = Base64Text.urlDecoded(parts[3]), let key = Base64Text.urlDecoded(parts[4])
    else { return nil }
    cost = Cost(logRounds: numbers[0].1, blockSize: numbers[1].1, parallelism: numbers[2].1)
    self.salt = salt
    self.key = key
  }

  /// Whether the password is the one that was hashed; takes as long either way.
  package func matches(_ password: String) -> Bool {
    guard let derived = try? Self.derive(Self.normalized(password), salt, cost, count: key.count)
    else { return false }
    return ConstantTime.equal(derived, key)
  }

  /// As it is stored.
  package var text: String {
    "$scrypt$ln=\(cost.logRounds),r=\(cost.blockSize),p=\(cost.parallelism)$"
      + Base64Text.urlEncoded(salt) + "$" + Base64Text.urlEncoded(key)
  }

  /// scrypt (RFC 7914).
  package static func derive(
    _ password: [UInt8],
    _ salt: [UInt8],
    _ cost: Cost,
    count: Int
  ) throws -> [UInt8] {
    // The library's default bound on memory lies below 32 MiB and its overhead.
    let memory = 128 * cost.blockSize * ((1 << cost.logRounds) + cost.parallelism + 2) + (1 << 20)
    let key = try KDF.Scrypt.deriveKey(
      from: password,
      salt: salt,
      outputByteCount: count,
      rounds: 1 << cost.logRounds,
      blockSize: cost.blockSize,
      parallelism: cost.parallelism,
      maxMemory: memory
    )
    return key.withUnsafeBytes { Array($0) }
  }

  /// NFKC, so that one password typed on two keyboards stays one.
  static func normalized(_ password: String) -> [UInt8] {
    Array(password.precomposedStringWithCompatibilityMapping.utf8)
  }
}
