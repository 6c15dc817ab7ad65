/// A command with its arguments, byte for byte.
public struct RedisCommand: Hashable, Sendable {
  /// The command's name and what follows it.
  public let arguments: [[UInt8]]

  /// Makes a command of bytes.
  public init(_ arguments: [[UInt8]]) { self.arguments = arguments }

  /// Makes a command of a name and bytes.
  public init(_ name: StaticString, _ arguments: [UInt8]...) {
    self.arguments = [name.withUTF8Buffer { Array($0) }] + arguments
  }

  /// Whether somebody is there.
  public static let ping = RedisCommand("PING")

  /// The value of a key.
  public static func get(_ key: [UInt8]) -> RedisCommand { RedisCommand("GET", key) }

  /// The first `count` bytes of a key's value; empty for a missing key.
  public static func get(_ key: [UInt8], first count: Int) -> RedisCommand {
    RedisCommand("GETRANGE", key, Array("0".utf8), Array("\(count - 1)".utf8))
  }

  /// A value for a key, which is forgotten after that time.
  public static func set(
    _ key: [UInt8],
    _ value: [UInt8],
    expiresAfter time: Duration
  ) -> RedisCommand {
    let (seconds, attoseconds) = time.components
    let milliseconds = max(1, seconds * 1000 + attoseconds / 1_000_000_000_000_000)
    return RedisCommand("SET", key, value, Array("PX".utf8), Array("\(milliseconds)".utf8))
  }

  /// Forgets a key.
  public static func delete(_ key: [UInt8]) -> RedisCommand { RedisCommand("DEL", key) }

  /// Says what is wrong with the command; nil if it may be sent.
  var complaint: RedisError? {
    guard !arguments.isEmpty, arguments.count <= RedisLimits.arguments else {
      return RedisError(
        .tooLarge,
        attempt: "send a command to Redis",
        found: "\(arguments.count) arguments, at most \(RedisLimits.arguments)"
      )
    }
    guard let large = arguments.first(where: { $0.count > RedisLimits.valueBytes }) else {
      return nil
    }
    return RedisError(
      .tooLarge,
      attempt: "send a command to Redis",
      found: "an argument of \(large.count) bytes, at most \(RedisLimits.valueBytes)"
    )
  }
}

/// The answer to one command (RESP2).
///
/// Arrays are missing on purpose: no command above is answered with one, and a server could claim
/// that one has thousands of millions of members.
public enum RedisReply: Hashable, Sendable {
  /// A short text such as `OK`.
  case status(String)
  /// A value.
  case bytes([UInt8])
  /// A number.
  case integer(Int64)
  /// Nothing there.
  case null
  /// The server refused the command; the others of the same request are not touched by it.
  case refusal(String)
}
