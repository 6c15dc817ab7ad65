internal import CRawNghttp2

/// The headers of a gRPC call, in memory that stays, so that a call copies none of them.
final class CallHeaders {
  private var fields: [nghttp2_nv] = []
  private let paths: [nghttp2_nv]
  private static let pathPlace = 2

  init(authority: String) {
    paths = Method.allCases.map { Self.field(":path", $0.rawValue) }
    fields = [
      Self.field(":method", "POST"), Self.field(":scheme", "http"), paths[0],
      Self.field(":authority", authority), Self.field("te", "trailers"),
      Self.field("content-type", "application/grpc"), Self.field("user-agent", "weave-load"),
    ]
  }

  deinit {
    for field in fields.indices where field != Self.pathPlace { Self.free(fields[field]) }
    for path in paths { Self.free(path) }
  }

  func with<R>(_ method: Method, _ body: (UnsafePointer<nghttp2_nv>, Int) -> R) -> R {
    fields[Self.pathPlace] = paths[method.place]
    return fields.withUnsafeBufferPointer { fields in
      guard let base = fields.baseAddress else { preconditionFailure("a call without headers") }
      return body(base, fields.count)
    }
  }

  private static func field(_ name: String, _ value: String) -> nghttp2_nv {
    nghttp2_nv(
      name: kept(name),
      value: kept(value),
      namelen: name.utf8.count,
      valuelen: value.utf8.count,
      flags: UInt8(NGHTTP2_NV_FLAG_NO_COPY_NAME.rawValue | NGHTTP2_NV_FLAG_NO_COPY_VALUE.rawValue)
    )
  }

  private static func kept(_ text: String) -> UnsafeMutablePointer<UInt8> {
    let bytes = UnsafeMutablePointer<UInt8>.allocate(capacity: max(text.utf8.count, 1))
    for (place, byte) in text.utf8.enumerated() { bytes[place] = byte }
    return bytes
  }

  private static func free(_ field: nghttp2_nv) {
    field.name.deallocate()
    field.value.deallocate()
  }
}

/// The calls that are made.
enum Method: String, CaseIterable {
  case append = "/umadb.v1.DCB/Append"
  case read = "/umadb.v1.DCB/Read"
  case subscribe = "/umadb.v1.DCB/Subscribe"
  case head = "/umadb.v1.DCB/Head"
  case health = "/grpc.health.v1.Health/Check"

  var place: Int {
    switch self {
    case .append: 0
    case .read: 1
    case .subscribe: 2
    case .head: 3
    case .health: 4
    }
  }
}
