internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import NIOHTTPTypes

/// Ends connections whose answer says `Connection: close`, and turns the server's own empty 400
/// for unreadable requests into a problem.
///
/// The server goes on reading a body that nobody wants before it looks at the next request; after
/// a 413 that would be without end. So the sending half is closed at once and the rest soon after:
/// time enough for the client to read the answer.
final class ConnectionHandler: ChannelOutboundHandler, RemovableChannelHandler {
  typealias OutboundIn = HTTPResponsePart
  typealias OutboundOut = HTTPResponsePart

  private static let lingering = TimeAmount.seconds(1)
  private var closes = false

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    switch unwrapOutboundIn(data) {
    case .head(let head):
      closes = head.headerFields[.connection] == "close"
      guard head.status == .badRequest, head.headerFields[.contentType] == nil else {
        return context.write(data, promise: promise)
      }
      let problem = Problem(.malformedRequest, "The request is not HTTP/1.1 as it should be.")
      let id = Identifier.text(Identifier.make())
      let body = problem.body(instance: id)
      var fields = problem.response(instance: id).headers
      fields[.connection] = "close"
      context.write(
        wrapOutboundOut(.head(HTTPResponse(status: .badRequest, headerFields: fields))),
        promise: promise
      )
      context.write(wrapOutboundOut(.body(body)), promise: nil)
    case .body:
      context.write(data, promise: promise)
    case .end:
      context.write(data, promise: promise)
      guard closes else { return }
      context.flush()
      let channel = context.channel
      context.eventLoop.assumeIsolated().scheduleTask(in: Self.lingering) {
        channel.close(promise: nil)
      }
    }
  }
}
