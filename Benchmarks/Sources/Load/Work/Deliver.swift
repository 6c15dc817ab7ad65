internal import Measuring

/// One writer at a steady pace and many subscribers: how long from an append to each of them.
final class Deliver: CallOwner {
  private let loop = Loop()
  private var window: Window?
  private var specimen: Specimen
  private let subscribers: Int
  private var appended = 0
  private var answered = 0
  private var delivered = 0
  private var latencies = Latencies()
  private var answers = Latencies()
  private var head: UInt64?
  private var trouble: Trouble?
  private static let joinSeconds = 60.0
  private static let drainSeconds = 30.0

  private init(_ options: Options) throws(Trouble) {
    specimen = Specimen(seed: options.seed, dataBytes: options.bytes, isText: options.isText)
    subscribers = options.clients
    // The writer's connection comes first.
    try loop.connect(options.port, count: 1 + subscribers)
  }

  static func run(_ options: Options) throws(Trouble) {
    let work = try Deliver(options)
    try work.join()
    var window = Window(warmUp: options.warmUp, seconds: options.seconds)
    let pause = UInt64(1e9 / options.rate)
    var due = Clock.now
    while !window.isOver {
      let now = Clock.now
      if now >= due {
        try work.append()
        // What could not be kept up with is not made good: a burst would measure itself.
        due = max(due + pause, now)
      }
      let wait = due > now ? Int32((due - now) / 1_000_000) : 0
      try work.loop.turn(atMost: min(wait, 10))
      window.advance()
      work.window = window
      if let trouble = work.trouble { throw trouble }
    }
    try work.loop.run(within: drainSeconds) {
      work.delivered == work.appended * work.subscribers && work.answered == work.appended
    }
    Report.write(
      [
        ("appends", Double(work.appended)), ("deliveries", Double(work.delivered)),
        ("seconds", window.elapsed), ("clientCPU", window.cpuSeconds),
      ] + work.latencies.members + work.answers.members.map { ("answer_" + $0.0, $0.1) }
    )
  }

  /// Subscribes everybody behind the head, and waits until the first event reached all.
  private func join() throws(Trouble) {
    let writer = loop.connections[0]
    try loop.call(Call(.head, Protobuf.framed { _ in }, tag: -1, owner: self), on: writer)
    try loop.run(within: Self.joinSeconds) { head != nil || trouble != nil }
    let after = head ?? 0
    for connection in loop.connections.dropFirst() {
      let request = Protobuf.framed { Protobuf.field(2, varint: after, into: &$0) }
      try loop.call(Call(.subscribe, request, tag: connection.index, owner: self), on: connection)
    }
    try append()
    try loop.run(within: Self.joinSeconds) { delivered == subscribers || trouble != nil }
    if let trouble { throw trouble }
  }

  private func append() throws(Trouble) {
    appended += 1
    try loop.call(Call(.append, specimen.stamped(), tag: 0, owner: self), on: loop.connections[0])
  }

  func received(_ message: UnsafeRawBufferPointer, on call: Call) {
    do throws(Trouble) {
      switch call.method {
      case .head: try Protobuf.read(message) { number, value, _ in if number == 1 { head = value } }
      case .subscribe: try deliver(message)
      default: break
      }
    } catch {
      trouble = error
    }
  }

  private func deliver(_ message: UnsafeRawBufferPointer) throws(Trouble) {
    var stamps: [UInt64] = []
    var failure: Trouble?
    func inside(
      _ bytes: UnsafeRawBufferPointer,
      _ body: (Int, UInt64, UnsafeRawBufferPointer) -> Void
    ) {
      do throws(Trouble) { try Protobuf.read(bytes, body) } catch { failure = error }
    }
    inside(message) { number, _, sequenced in
      guard number == 1 else { return }
      inside(sequenced) { number, _, event in
        guard number == 2 else { return }
        inside(event) { number, _, data in
          guard number == 3, data.count >= 8 else { return }
          stamps.append(UInt64(littleEndian: data.loadUnaligned(as: UInt64.self)))
        }
      }
    }
    if let failure { throw failure }
    delivered += stamps.count
    guard let window, window.isOpen else { return }
    let now = Clock.now
    for stamp in stamps { latencies.add(now - stamp) }
  }

  func ended(_ call: Call) {
    guard call.status == 0, call.method != .subscribe else {
      trouble = Trouble(
        "\(call.method) ended with \(call.status.map(String.init) ?? "a reset"): "
          + call.statusMessage
      )
      return
    }
    switch call.method {
    case .append:
      answered += 1
      if let window, window.isOpen { answers.add(Clock.now - call.began) }
    case .head where head == nil: head = 0
    default: break
    }
  }
}
