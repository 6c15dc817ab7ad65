internal import Measuring

/// What is asked for on the command line.
struct Options {
  var port: UInt16 = 50051
  var clients = 1
  /// Events of one append.
  var events = 1
  /// Appends under way at once on each connection.
  var inFlight = 1
  var warmUp = 0.0
  var seconds = 1.0
  var seed: UInt64 = 1
  /// Bytes of an event's data.
  var bytes = 128
  var isText = false
  /// Events in all.
  var total = 1000
  var byTag = false
  /// Appends per second where the pace is steady.
  var rate = 100.0

  static let usage = """
    usage: Load append|fill|read|deliver|head|await --port N
      append   --clients --events --in-flight --warm-up --seconds
      fill     --clients --events --in-flight --total
      read     --clients --warm-up --seconds [--by-tag]
      deliver  --clients (subscribers) --rate --warm-up --seconds
      await    --seconds
    all: --seed --bytes --text
    """

  init(_ arguments: some Collection<String>) throws(Trouble) {
    var rest = Array(arguments)[...]
    while let name = rest.popFirst() {
      switch name {
      case "--text": isText = true
      case "--by-tag": byTag = true
      case "--port": port = try Self.value(&rest, name)
      case "--clients": clients = try Self.value(&rest, name)
      case "--events": events = try Self.value(&rest, name)
      case "--in-flight": inFlight = try Self.value(&rest, name)
      case "--warm-up": warmUp = try Self.value(&rest, name)
      case "--seconds": seconds = try Self.value(&rest, name)
      case "--seed": seed = try Self.value(&rest, name)
      case "--bytes": bytes = try Self.value(&rest, name)
      case "--total": total = try Self.value(&rest, name)
      case "--rate": rate = try Self.value(&rest, name)
      default: throw Trouble("no option is called '\(name)'\n\(Self.usage)")
      }
    }
    guard clients > 0, events > 0, inFlight > 0, bytes >= 8, rate > 0 else {
      throw Trouble("numbers are above 0, and an event has 8 bytes at least")
    }
  }

  private static func value<V: LosslessStringConvertible>(
    _ rest: inout ArraySlice<String>,
    _ name: String
  ) throws(Trouble) -> V {
    guard let value = rest.popFirst().flatMap({ V($0) }) else {
      throw Trouble("\(name) needs a number")
    }
    return value
  }
}
