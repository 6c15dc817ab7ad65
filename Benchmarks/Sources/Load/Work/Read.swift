internal import Measuring

/// Readers without a pause: the whole log over and over, or one author's events after another's.
final class Read: CallOwner {
  private let loop = Loop()
  private let byTag: Bool
  private var random: SplitMix
  private var window: Window?
  private var events = 0
  private var calls = 0
  private var latencies = Latencies()
  private var trouble: Trouble?

  private init(_ options: Options) throws(Trouble) {
    byTag = options.byTag
    random = SplitMix(options.seed)
    try loop.connect(options.port, count: options.clients)
  }

  static func run(_ options: Options) throws(Trouble) {
    let work = try Read(options)
    var window = Window(warmUp: options.warmUp, seconds: options.seconds)
    for connection in work.loop.connections {
      try work.next(connection)
      try connection.flush()
    }
    while !window.isOver {
      try work.loop.turn(atMost: 10)
      window.advance()
      work.window = window
      if let trouble = work.trouble { throw trouble }
    }
    // Reads of nothing would be fast.
    guard work.events > 0 || work.calls == 0 else { throw Trouble("the log is not filled") }
    Report.write(
      [
        ("calls", Double(work.calls)), ("events", Double(work.events)),
        ("seconds", window.elapsed), ("clientCPU", window.cpuSeconds),
      ] + work.latencies.members
    )
  }

  private func next(_ connection: Connection) throws(Trouble) {
    let request = Protobuf.framed { bytes in
      if byTag {
        var item: [UInt8] = []
        Protobuf.field(2, Specimen.author(random.next() % Specimen.authors), into: &item)
        var query: [UInt8] = []
        Protobuf.field(1, item, into: &query)
        Protobuf.field(1, query, into: &bytes)
      }
    }
    try connection.begin(Call(.read, request, tag: connection.index, owner: self))
  }

  func received(_ message: UnsafeRawBufferPointer, on call: Call) {
    var count = 0
    do throws(Trouble) {
      try Protobuf.read(message) { number, _, _ in if number == 1 { count += 1 } }
    } catch {
      trouble = error
    }
    if let window, window.isOpen { events += count }
  }

  func ended(_ call: Call) {
    guard call.status == 0 else {
      trouble = Trouble(
        "a read ended with \(call.status.map(String.init) ?? "a reset"): \(call.statusMessage)"
      )
      return
    }
    if let window, window.isOpen {
      calls += 1
      latencies.add(Clock.now - call.began)
    }
    do throws(Trouble) { try next(loop.connections[call.tag]) } catch { trouble = error }
  }
}
