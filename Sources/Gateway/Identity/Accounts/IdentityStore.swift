/// Where the stand-in keeps accounts and private keys, outside the log.
///
/// - Shape: small files by name; a write replaces the whole file or leaves the old one.
/// - Errors: `IdentityStoreError` with what was attempted.
public protocol IdentityStore: Sendable {
  /// All names of a folder with their contents.
  func load(folder: String) throws(IdentityStoreError) -> [(name: String, bytes: [UInt8])]
  /// Replaces a file, durably; it is readable by its owner only.
  func save(_ bytes: [UInt8], folder: String, name: String) throws(IdentityStoreError)
  /// Removes a file; one that is not there is fine.
  func remove(folder: String, name: String) throws(IdentityStoreError)
}

/// Files could not be read or written.
public struct IdentityStoreError: Error, Sendable, CustomStringConvertible {
  /// What was attempted, and what was found.
  public let description: String
  /// Makes one.
  public init(_ description: String) { self.description = description }
}
