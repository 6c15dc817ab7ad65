import GRPCCore
import HTTP2Driver
import Testing

@testable import EventsService

@Suite struct RequestHeadTests {
  private func fields(
    _ changes: [String: String] = [:],
    more: [HTTP2Header] = []
  ) -> [HTTP2Header] {
    let usual = [
      (":method", "POST"), (":path", "/some.v1.Service/Call"), (":authority", "localhost"),
      ("te", "trailers"), ("content-type", "application/grpc"),
    ]
    return usual.map { HTTP2Header($0.0, changes[$0.0] ?? $0.1) } + more
  }

  @Test func aCallIsReadWithWhatItsCallerSays() throws {
    let head = try RequestHead(
      fields(more: [HTTP2Header("ww-pin", "x"), HTTP2Header("key-bin", "AQI")])
    )
    #expect(head.method.fullyQualifiedMethod == "some.v1.Service/Call")
    #expect(head.metadata[stringValues: "ww-pin"].map { $0 } == ["x"])
    #expect(head.metadata[binaryValues: "key-bin"].map { $0 } == [[1, 2]])
    #expect(head.metadata[stringValues: "te"].map { $0 }.isEmpty)
  }

  /// gRPC would read it, too: it ends the process at a negative one.
  @Test(arguments: [("10000000u", .seconds(10)), ("-1S", nil)] as [(String, Duration?)])
  func theTimeOfACallIsKeptFromGRPC(text: String, timeout: Duration?) throws {
    let head = try RequestHead(fields(more: [HTTP2Header("grpc-timeout", text)]))
    #expect(head.timeout == timeout)
    #expect(head.metadata[stringValues: "grpc-timeout"].map { $0 }.isEmpty)
  }

  @Test(arguments: [
    "application/grpc", "application/grpc+proto", "application/grpc;charset=utf-8",
    "Application/GRPC",
  ])
  func whatIsGRPCIsTaken(type: String) throws {
    _ = try RequestHead(fields(["content-type": type]))
  }

  @Test(arguments: [
    ("content-type", "application/json", "415"), ("content-type", "application/grpc-web", "415"),
    (":method", "GET", "405"),
  ])
  func whatIsNoCallIsAnsweredAsHTTP(name: String, value: String, status: String) {
    let error = #expect(throws: RequestHead.Refusal.self) {
      try RequestHead(fields([name: value]))
    }
    guard case .http(let answered)? = error else {
      Issue.record("answered as gRPC: \(String(describing: error))")
      return
    }
    #expect(answered == status)
  }

  @Test(arguments: ["", "/", "/a", "//b", "/a/", "/a/b/c", "a/b"])
  func aPathThatNamesNoCallIsRefused(path: String) {
    let error = #expect(throws: RequestHead.Refusal.self) {
      try RequestHead(fields([":path": path]))
    }
    guard case .status(let refusal)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(refusal.code == .unimplemented)
  }

  @Test func compressionIsRefusedWithWhatIsReadInstead() {
    let error = #expect(throws: RequestHead.Refusal.self) {
      try RequestHead(fields(more: [HTTP2Header("grpc-encoding", "gzip")]))
    }
    guard case .status(let refusal)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(refusal.code == .unimplemented)
    #expect(refusal.metadata[stringValues: "grpc-accept-encoding"].map { $0 } == ["identity"])
  }

  @Test func messagesOfStatusesAreEncodedForHeaders() {
    let status = Status(code: .notFound, message: "50 % of ä\n")
    #expect(
      ResponseHead.trailers(status, [:]) == [
        HTTP2Header("grpc-status", "5"), HTTP2Header("grpc-message", "50 %25 of %C3%A4%0A"),
      ]
    )
  }
}
