/// A request of the HTTP client.
public struct HTTPRequest: Sendable {
  /// A header line's name and value.
  public typealias Header = (name: String, value: String)

  /// `GET`, `POST`, … in upper case.
  public var method: String
  /// Absolute, `http` or `https`.
  public var url: String
  /// In the order in which they are sent.
  public var headers: [Header]
  /// What is sent; nil sends no body.
  public var body: [UInt8]?
  /// How long making a connection may take.
  public var connectTimeout: Duration
  /// How long the whole exchange may take; nil waits without end, for streams.
  public var totalTimeout: Duration?
  /// Bytes of the response body that are taken at most; ignored by streams.
  public var maximumBody: Int

  /// Makes a request.
  public init(
    _ method: String = "GET",
    _ url: String,
    headers: [Header] = [],
    body: [UInt8]? = nil,
    connectTimeout: Duration = .seconds(5),
    totalTimeout: Duration? = .seconds(60),
    maximumBody: Int = HTTPClientLimits.bodyBytes
  ) {
    self.method = method
    self.url = url
    self.headers = headers
    self.body = body
    self.connectTimeout = connectTimeout
    self.totalTimeout = totalTimeout
    self.maximumBody = maximumBody
  }

  /// Says what would break the request's framing; nil if nothing would.
  var complaint: String? {
    if method.isEmpty || !method.utf8.allSatisfy({ (0x41...0x5A).contains($0) }) {
      return "the method '\(method)' is not upper-case letters"
    }
    if !url.hasPrefix("http://") && !url.hasPrefix("https://") {
      return "the address does not begin with http:// or https://"
    }
    if url.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7F }) {
      return "the address holds a space or a control character"
    }
    for (name, value) in headers {
      if name.isEmpty || name.utf8.contains(where: { $0 <= 0x20 || $0 >= 0x7F || $0 == 0x3A }) {
        return "'\(name)' is no header name"
      }
      if value.utf8.contains(where: { $0 == 0x0A || $0 == 0x0D || $0 == 0 }) {
        return "the value of the header '\(name)' holds a line break"
      }
    }
    return nil
  }

  /// Whether the host is this machine: a proxy of the environment would not reach it.
  var isLoopback: Bool {
    guard let scheme = url.range(of: "://") else { return false }
    let host = url[scheme.upperBound...]
    return ["127.", "localhost", "[::1]"].contains { host.hasPrefix($0) }
  }
}

extension String {
  /// Where `text` first stands; Foundation has it, but drivers do without.
  fileprivate func range(of text: String) -> Range<String.Index>? {
    var start = startIndex
    while start < endIndex {
      if self[start...].hasPrefix(text) {
        return start..<index(start, offsetBy: text.count)
      }
      start = index(after: start)
    }
    return nil
  }
}
