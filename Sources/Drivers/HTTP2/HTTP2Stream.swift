internal import DequeModule

/// One exchange of a connection: what its session keeps of it.
///
/// Used where its session is used.
package final class HTTP2Stream {
  /// Odd, and ascending in the order in which the client opens streams.
  package let id: Int32

  var head: [HTTP2Header] = []
  var headBytes = 0
  /// Whether the head was too large; what comes of it is dropped.
  var isRefused = false

  private var waiting: Deque<[UInt8]> = []
  /// Bytes of the first that are sent already.
  private var sent = 0
  /// What follows the last byte; nil while more bytes may come.
  var trailers: [HTTP2Header]?
  /// Whether the session asked for bytes when there were none.
  var isIdle = false

  init(id: Int32) { self.id = id }

  var isEmpty: Bool { waiting.isEmpty }

  func add(_ bytes: [UInt8]) {
    if !bytes.isEmpty { waiting.append(bytes) }
  }

  /// Fills as much of `target` as there is; answers how much that was.
  func take(into target: UnsafeMutableRawBufferPointer) -> Int {
    var filled = 0
    while filled < target.count, let first = waiting.first {
      let count = min(first.count - sent, target.count - filled)
      first.withUnsafeBytes { source in
        UnsafeMutableRawBufferPointer(rebasing: target[filled..<filled + count])
          .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[sent..<sent + count]))
      }
      filled += count
      sent += count
      if sent == first.count {
        waiting.removeFirst()
        sent = 0
      }
    }
    return filled
  }

  func clear() {
    waiting = []
    sent = 0
  }
}
