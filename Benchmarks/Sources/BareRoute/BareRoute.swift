import Glibc
import Hummingbird

/// The yardstick of the `http` figure: `BareRoute PORT FILE`.
///
/// One Hummingbird route that answers a file's bytes and does nothing else.
@main struct BareRoute {
  static func main() async throws {
    let arguments = CommandLine.arguments
    guard arguments.count == 3, let port = Int(arguments[1]) else {
      print("usage: BareRoute PORT FILE")
      exit(64)
    }
    let body = ByteBuffer(bytes: read(arguments[2]))
    let answer: @Sendable () -> Response = {
      Response(
        status: .ok,
        headers: [.contentType: "application/json"],
        body: ResponseBody(byteBuffer: body)
      )
    }
    let router = Router()
    router.get("answer") { _, _ in answer() }
    router.post("answer") { request, _ in
      // A write reads its body, as ours must.
      _ = try await request.body.collect(upTo: 1 << 20)
      return answer()
    }
    let application = Application(
      router: router,
      configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: port))
    )
    try await application.runService()
  }

  private static func read(_ path: String) -> [UInt8] {
    guard let file = fopen(path, "r") else { return [] }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    while case let byte = getc(file), byte != EOF { bytes.append(UInt8(truncatingIfNeeded: byte)) }
    return bytes
  }
}
