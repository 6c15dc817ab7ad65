/// What the server's side of a connection admits.
package struct HTTP2Settings: Sendable {
  /// Streams of the client at once.
  package var streams: UInt32 = 100
  /// Bytes that may be on their way to one stream before they are taken.
  package var streamWindow: Int32 = 1 << 20
  /// Bytes that may be on their way on the whole connection.
  package var connectionWindow: Int32 = 1 << 20
  /// Bytes of a request's header fields, each counted with 32 more (RFC 9113, 6.5.2).
  package var headerBytes: UInt32 = 16 << 10

  package init() {}
}

/// A header field; names are in lower case.
package struct HTTP2Header: Sendable, Equatable {
  package let name: String
  package let value: String

  package init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }
}

/// Why a stream ended (RFC 9113, 7).
package enum HTTP2Code {
  package static let noError: UInt32 = 0
  package static let internalError: UInt32 = 2
  package static let enhanceYourCalm: UInt32 = 11
}

/// Why a connection cannot go on.
package struct HTTP2Error: Error, CustomStringConvertible {
  package let description: String
}
