package import Foundation

/// Bytes as generated messages want them.
package enum Bytes {
  /// A copy of the bytes.
  package static func data(_ bytes: some Sequence<UInt8>) -> Data { Data(bytes) }
}
