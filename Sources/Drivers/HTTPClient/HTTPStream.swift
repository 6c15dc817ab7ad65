/// An answer whose body is read as it comes.
///
/// One task reads; letting the stream go ends the exchange.
public final class HTTPStream: Sendable {
  /// Status and headers.
  public let head: HTTPHead
  private let delivery: Delivery

  init(head: HTTPHead, delivery: Delivery) {
    self.head = head
    self.delivery = delivery
  }

  deinit { delivery.abandon() }

  /// Waits for the next bytes; nil is the end.
  public func next() async throws(HTTPClientError) -> [UInt8]? {
    try await delivery.next()
  }

  /// Reads the body line by line.
  public func lines() -> HTTPLines { HTTPLines(self) }

  /// Reads the rest of the body, at most `limit` bytes.
  public func rest(limit: Int = HTTPClientLimits.bodyBytes) async throws(HTTPClientError) -> [UInt8]
  {
    var bytes: [UInt8] = []
    while let chunk = try await next() {
      bytes += chunk
      guard bytes.count <= limit else {
        throw HTTPClientError(.bodyTooLarge, "reading a body found more than \(limit) bytes")
      }
    }
    return bytes
  }
}

/// The lines of a body, without their line feeds; empty lines are left out.
public struct HTTPLines {
  private let stream: HTTPStream
  private var buffer: [UInt8] = []
  private var start = 0
  private var scanned = 0
  private var isAtEnd = false

  init(_ stream: HTTPStream) { self.stream = stream }

  /// Waits for the next line; nil is the end.
  ///
  /// A last line without line feed counts.
  ///
  /// - Errors: `.bodyTooLarge` for a line over `HTTPClientLimits.lineBytes`.
  public mutating func next() async throws(HTTPClientError) -> [UInt8]? {
    while true {
      if let line = take() {
        if line.isEmpty { continue }
        return line
      }
      if isAtEnd { return nil }
      guard buffer.count - start <= HTTPClientLimits.lineBytes else {
        throw HTTPClientError(
          .bodyTooLarge,
          "reading a line found no end within \(HTTPClientLimits.lineBytes) bytes"
        )
      }
      if let chunk = try await stream.next() {
        buffer.removeFirst(start)
        scanned -= start
        start = 0
        buffer += chunk
      } else {
        isAtEnd = true
      }
    }
  }

  private mutating func take() -> [UInt8]? {
    if let end = buffer[scanned...].firstIndex(of: UInt8(ascii: "\n")) {
      defer {
        start = end + 1
        scanned = start
      }
      let line = buffer[start..<end]
      return Array(line.last == UInt8(ascii: "\r") ? line.dropLast() : line)
    }
    scanned = buffer.count
    guard isAtEnd, start < buffer.count else { return nil }
    defer { start = buffer.count }
    return Array(buffer[start...])
  }
}
