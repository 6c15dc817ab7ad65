package import Foundation

/// Bytes as messages hold them, for rooms that do without Foundation.
package func protobufBytes(_ bytes: [UInt8]) -> Data { Data(bytes) }
