internal import GRPCCore

/// A message of a stream that is encoded already.
struct UmaDBMessage: Sendable {
  var bytes: [UInt8] = []
}

/// Sends a message as it is.
struct UmaDBMessageSerializer: MessageSerializer {
  func serialize<Bytes: GRPCContiguousBytes>(_ message: UmaDBMessage) throws -> Bytes {
    Bytes(message.bytes)
  }
}
