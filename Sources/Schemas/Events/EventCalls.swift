/// What travels beside calls of the Event Service.
package enum EventCalls {
  /// Request: the log that is meant, as `<id>/<epoch>`; another one refuses the call.
  package static let pinKey = "ww-log"
  /// Request: W3C trace context, which goes into the metadata of events that have none.
  package static let traceparentKey = "traceparent"
  /// Request: until when the caller waits (gRPC over HTTP/2).
  package static let timeoutKey = "grpc-timeout"

  /// Answer: the head that a refusal rests on, beside a request that another process passed on.
  package static let headKey = "ww-head"

  /// Bytes of one message of a request: a request of the largest size with what surrounds it.
  package static let requestBytes = 17 << 20
  /// Bytes of one message of an answer: a page of the largest size with what surrounds it.
  package static let answerBytes = 6 << 20
}
