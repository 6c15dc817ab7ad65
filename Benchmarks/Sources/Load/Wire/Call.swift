internal import Glibc
internal import Measuring

/// One call: its request, and what has come of its answer.
final class Call {
  let method: Method
  /// Request with its gRPC prefix.
  let request: [UInt8]
  let began = Clock.now
  /// A number for whoever began it.
  let tag: Int
  private let owner: any CallOwner
  private var sent = 0
  /// A message of which a part has come; the prefix included.
  private var partial: [UInt8] = []
  /// The call's gRPC status; absent until it ended.
  private(set) var status: Int?
  private(set) var statusMessage = ""

  /// The request comes with its five bytes of prefix.
  init(_ method: Method, _ request: [UInt8], tag: Int, owner: any CallOwner) {
    self.method = method
    self.request = request
    self.tag = tag
    self.owner = owner
  }

  var isSent: Bool { sent == request.count }

  func take(into buffer: UnsafeMutableRawPointer, atMost length: Int) -> Int {
    let count = min(length, request.count - sent)
    request.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress else { return }
      buffer.copyMemory(from: base + sent, byteCount: count)
    }
    sent += count
    return count
  }

  func header(_ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>) {
    // Only these two are longer than ten bytes and begin with `grpc-`.
    if name.count == 11, name.elementsEqual("grpc-status".utf8) {
      status = Int(String(decoding: value, as: UTF8.self))
    } else if name.count == 12, name.elementsEqual("grpc-message".utf8) {
      statusMessage = String(decoding: value, as: UTF8.self)
    }
  }

  /// Cuts messages out of the bytes of the answer; whole ones are handed over where they lie.
  func receive(_ bytes: UnsafeRawBufferPointer) {
    var rest = bytes[...]
    while !rest.isEmpty {
      if partial.isEmpty, let size = Self.size(of: UnsafeRawBufferPointer(rebasing: rest)),
        rest.count >= size
      {
        owner.received(UnsafeRawBufferPointer(rebasing: rest.prefix(size).dropFirst(5)), on: self)
        rest = rest.dropFirst(size)
        continue
      }
      // The prefix first: it tells how much more is wanted.
      let wanted = partial.count < 5 ? 5 : partial.withUnsafeBytes { Self.size(of: $0) ?? 5 }
      let count = min(wanted - partial.count, rest.count)
      partial.append(contentsOf: rest.prefix(count))
      rest = rest.dropFirst(count)
      let whole = partial.withUnsafeBytes { bytes -> Bool in
        guard let size = Self.size(of: bytes), bytes.count == size else { return false }
        owner.received(UnsafeRawBufferPointer(rebasing: bytes.dropFirst(5)), on: self)
        return true
      }
      if whole { partial.removeAll(keepingCapacity: true) }
    }
  }

  func end(_ code: UInt32) { owner.ended(self) }

  /// Bytes of the message that begins here, its prefix included.
  private static func size(of bytes: UnsafeRawBufferPointer) -> Int? {
    guard bytes.count >= 5 else { return nil }
    return 5 + Int(UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 1, as: UInt32.self)))
  }
}

/// Who is told of a call's answer.
protocol CallOwner: AnyObject {
  /// One message has come; the bytes are gone afterwards.
  func received(_ message: UnsafeRawBufferPointer, on call: Call)
  /// The call ended; its `status` is absent if the stream was reset.
  func ended(_ call: Call)
}
