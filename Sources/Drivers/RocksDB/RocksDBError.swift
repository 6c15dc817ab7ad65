internal import CRocksDB

/// What RocksDB refused, and on what.
public struct RocksDBError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What kind of failure it is; the library tells it only by the beginning of its message.
  public enum Code: Hashable, Sendable {
    case corruption
    case ioError
    /// Another opener holds the lock file.
    case locked
    case notSupported
    case invalidArgument
    case incomplete
    case busy
    case closed
    case other
  }

  /// The kind.
  public let code: Code
  /// What was attempted.
  public let attempt: String
  /// What the library said.
  public let found: String

  package init(_ attempt: StaticString, found: String) {
    self.attempt = "\(attempt)"
    self.found = found
    code = Self.code(of: found)
  }

  static func closed(_ attempt: StaticString) -> RocksDBError {
    RocksDBError(attempt, found: "Closed: the database was closed")
  }

  /// What was attempted and what was found.
  public var description: String { "\(attempt): \(found)" }

  private static func code(of text: String) -> Code {
    if text.hasPrefix("IO error: lock") || text.hasPrefix("IO error: While lock file") {
      return .locked
    }
    let prefixes: [(String, Code)] = [
      ("Corruption", .corruption), ("IO error", .ioError), ("Not implemented", .notSupported),
      ("Invalid argument", .invalidArgument), ("Result incomplete", .incomplete),
      ("Resource busy", .busy), ("Closed", .closed),
    ]
    return prefixes.first { text.hasPrefix($0.0) }?.1 ?? .other
  }
}

typealias ErrorSlot = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>

/// Lends `call` a C error slot; a filled slot is freed here and thrown.
func checking<R>(
  _ attempt: StaticString,
  _ call: (ErrorSlot) -> R
) throws(RocksDBError) -> R {
  var slot: UnsafeMutablePointer<CChar>?
  let result = call(&slot)
  guard let slot else { return result }
  defer { rocksdb_free(slot) }
  throw RocksDBError(attempt, found: String(cString: slot))
}
