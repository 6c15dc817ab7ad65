internal import Glibc
internal import Measuring

/// One question at a time: the head, or whether the server serves.
final class Ask: CallOwner {
  private var number: UInt64 = 0
  private var call: Call?

  /// Prints the head.
  static func head(_ options: Options) throws(Trouble) {
    let work = Ask()
    let call = try work.ask(.head, options.port, within: 30)
    guard call.status == 0 else { throw Trouble("the head is not told: \(call.statusMessage)") }
    Report.write([("head", Double(work.number))])
  }

  /// Asks for the health until it is SERVING, and prints when that was.
  static func awaitServing(_ options: Options) throws(Trouble) {
    let end = Clock.now + UInt64(options.seconds * 1e9)
    while Clock.now < end {
      let work = Ask()
      // Before it listens the connection is refused; that is no trouble yet.
      if let call = try? work.ask(.health, options.port, within: 5), call.status == 0,
        work.number == 1
      {
        Report.write([("at", Double(Clock.now) / 1e9)])
        return
      }
      usleep(1000)
    }
    throw Trouble("it does not serve within \(Int(options.seconds)) s")
  }

  private func ask(_ method: Method, _ port: UInt16, within seconds: Double) throws(Trouble) -> Call
  {
    let loop = Loop()
    try loop.connect(port)
    try loop.call(
      Call(method, Protobuf.framed { _ in }, tag: 0, owner: self),
      on: loop.connections[0]
    )
    try loop.run(within: seconds) { call != nil }
    guard let call else { throw Trouble("no answer") }
    return call
  }

  func received(_ message: UnsafeRawBufferPointer, on call: Call) {
    try? Protobuf.read(message) { number, value, _ in if number == 1 { self.number = value } }
  }

  func ended(_ call: Call) { self.call = call }
}
