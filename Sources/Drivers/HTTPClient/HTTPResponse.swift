/// Status and header lines of a response.
public struct HTTPHead: Sendable {
  /// 200, 404, …; informational answers (1xx) are never shown.
  public let status: Int
  /// In the order in which they came; names as sent.
  public let headers: [HTTPRequest.Header]

  /// The value of the first header of that name, in any case.
  public subscript(name: String) -> String? {
    let wanted = name.lowercased()
    return headers.first { $0.name.lowercased() == wanted }?.value
  }
}

/// A response that was taken as a whole.
public struct HTTPResponse: Sendable {
  /// Status and headers.
  public let head: HTTPHead
  /// The body's bytes, without transfer coding.
  public let body: [UInt8]

  /// 200, 404, ….
  public var status: Int { head.status }
  /// The body as text; malformed UTF-8 is repaired.
  public var text: String { String(decoding: body, as: UTF8.self) }
}
