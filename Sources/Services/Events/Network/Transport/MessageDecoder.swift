internal import GRPCCore

/// Cuts the bytes of a stream into messages.
///
/// Each has a flag and its length in front (gRPC over HTTP/2, "Length-Prefixed-Message").
struct MessageDecoder {
  /// Bytes in front of a message.
  static let prefixBytes = 5
  /// What is set aside for a message before its bytes are here: a length alone takes no memory.
  private static let firstRoom = 64 << 10

  private let limit: Int
  private var prefix: [UInt8] = []
  private var message: [UInt8] = []
  private var length: Int?

  /// Makes one for messages of at most so many bytes.
  init(limit: Int) { self.limit = limit }

  /// Bytes that are kept of a message until it is whole.
  var heldBytes: Int { message.count }

  /// Whether a message has begun and not ended.
  var isInMessage: Bool { length != nil || !prefix.isEmpty }

  /// Takes bytes and lends each message that they complete.
  mutating func take(
    _ bytes: UnsafeRawBufferPointer,
    _ body: ([UInt8]) -> Void
  ) throws(RPCError) {
    var rest = bytes[...]
    while true {
      if length == nil {
        let count = min(Self.prefixBytes - prefix.count, rest.count)
        prefix.append(contentsOf: rest.prefix(count))
        rest = rest.dropFirst(count)
        guard prefix.count == Self.prefixBytes else { return }
        try begin()
      }
      guard let length else { return }
      let count = min(length - message.count, rest.count)
      message.append(contentsOf: rest.prefix(count))
      rest = rest.dropFirst(count)
      guard message.count == length else { return }
      let whole = message
      message = []
      self.length = nil
      body(whole)
    }
  }

  private mutating func begin() throws(RPCError) {
    guard prefix[0] == 0 else {
      throw RPCError(
        code: .unimplemented,
        message: "the message is compressed; send it as it is (grpc-encoding: identity)"
      )
    }
    let length = prefix[1...].reduce(0) { $0 << 8 | Int($1) }
    guard length <= limit else {
      throw RPCError(
        code: .resourceExhausted,
        message: "a message of \(length) bytes was announced, \(limit) are taken"
      )
    }
    prefix.removeAll(keepingCapacity: true)
    message.reserveCapacity(min(length, Self.firstRoom))
    self.length = length
  }
}

extension [UInt8] {
  /// The message with what stands in front of it on the wire.
  var framed: [UInt8] {
    var framed: [UInt8] = []
    framed.reserveCapacity(MessageDecoder.prefixBytes + count)
    framed.append(0)
    let length = UInt32(count)
    for shift in stride(from: 24, through: 0, by: -8) {
      framed.append(UInt8(truncatingIfNeeded: length >> UInt32(shift)))
    }
    framed.append(contentsOf: self)
    return framed
  }
}
