internal import GRPCCore
internal import HTTP2Driver
internal import Schemas

/// The head of a call: what is called, and what the caller says of it.
struct RequestHead: Sendable {
  let method: MethodDescriptor
  let metadata: Metadata
  /// How long its caller lets the call take; nil if it does not say, or not in words we know.
  ///
  /// Taken out of `metadata`: gRPC's own reading of it ends the process at `-1S` and ignores eight
  /// digits, so it is kept here and nowhere else.
  let timeout: Duration?

  /// Why a request is no call.
  enum Refusal: Error {
    /// Not gRPC at all: answered as HTTP.
    ///
    /// Without a body, which would wait for a window that may never open, and its stream with it.
    case http(status: String)
    case status(RPCError)
  }

  /// Reads the header fields of a request (gRPC over HTTP/2, "Requests").
  init(_ fields: [HTTP2Header]) throws(Refusal) {
    var metadata = Metadata()
    metadata.reserveCapacity(fields.count)
    var path = ""
    var verb = ""
    var isGRPC = false
    var encoding = "identity"
    var timeout: Duration?
    for field in fields {
      switch field.name {
      case ":path": path = field.value
      case ":method": verb = field.value
      case "content-type": isGRPC = Self.isGRPC(field.value)
      case "grpc-encoding": encoding = field.value
      case EventCalls.timeoutKey: timeout = timeout ?? CallTimeout(field.value)?.duration
      default:
        // Said to the connection, not to what is called.
        guard !field.name.hasPrefix(":"), field.name != "te" else { continue }
        metadata.addString(field.value, forKey: field.name)
      }
    }
    guard isGRPC else { throw .http(status: "415") }
    guard verb == "POST" else { throw .http(status: "405") }
    guard encoding == "identity" else {
      throw .status(
        RPCError(
          code: .unimplemented,
          message: "messages with grpc-encoding '\(encoding)' are not read; send them as they are",
          metadata: ["grpc-accept-encoding": "identity"]
        )
      )
    }
    guard let method = Self.method(path) else {
      throw .status(
        RPCError(code: .unimplemented, message: "'\(path)' is no call: /SERVICE/METHOD is")
      )
    }
    self.method = method
    self.metadata = metadata
    self.timeout = timeout
  }

  /// Reads `/SERVICE/METHOD`; nil if the path has another form.
  private static func method(_ path: String) -> MethodDescriptor? {
    let bytes = path.utf8
    guard bytes.first == slash else { return nil }
    let names = bytes.dropFirst()
    guard let middle = names.firstIndex(of: slash), middle > names.startIndex else { return nil }
    let method = names[names.index(after: middle)...]
    guard !method.isEmpty, !method.contains(slash) else { return nil }
    return MethodDescriptor(
      fullyQualifiedService: String(path[names.startIndex..<middle]),
      method: String(path[method.startIndex...])
    )
  }

  private static let slash = UInt8(ascii: "/")
  private static let type = "application/grpc"

  private static func isGRPC(_ type: String) -> Bool {
    // As nearly everybody writes it.
    if type == Self.type { return true }
    guard type.lowercased().hasPrefix(Self.type) else { return false }
    // "application/grpc-web" is another protocol.
    let rest = type.utf8.dropFirst(Self.type.utf8.count).first
    return rest == nil || rest == UInt8(ascii: "+") || rest == UInt8(ascii: ";")
  }
}

/// The heads and trailers of answers (gRPC over HTTP/2, "Responses").
enum ResponseHead {
  private static let fields = [
    HTTP2Header(":status", "200"), HTTP2Header("content-type", "application/grpc"),
  ]
  private static let succeeded = [HTTP2Header("grpc-status", "0")]

  /// The head of an answer that goes on.
  static func beginning(_ metadata: Metadata) -> [HTTP2Header] {
    metadata.isEmpty ? fields : fields + headers(metadata)
  }

  /// What ends an answer.
  static func trailers(_ status: Status, _ metadata: Metadata) -> [HTTP2Header] {
    if status.code == .ok, status.message.isEmpty, metadata.isEmpty { return succeeded }
    var headers = [HTTP2Header("grpc-status", "\(status.code.rawValue)")]
    if !status.message.isEmpty {
      let message = percentEncoded(status.message.brief)
      headers.append(HTTP2Header("grpc-message", message))
    }
    return headers + Self.headers(metadata)
  }

  /// An answer that is but its end.
  static func only(_ status: Status, _ metadata: Metadata) -> [HTTP2Header] {
    fields + trailers(status, metadata)
  }

  private static func headers(_ metadata: Metadata) -> [HTTP2Header] {
    metadata.map { HTTP2Header($0.key.lowercased(), $0.value.encoded()) }
  }

  /// A message as it may stand in a header: printable ASCII but `%` stays as it is.
  private static func percentEncoded(_ text: String) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.utf8.count)
    for byte in text.utf8 {
      if (0x20...0x7E).contains(byte), byte != UInt8(ascii: "%") {
        bytes.append(byte)
      } else {
        bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
