internal import Measuring

/// What is asked for on the command line.
struct Options: Sendable {
  var side = Side.engine
  var url = ""
  var clients = 64
  /// Appends under way at once for each client.
  var inFlight = 1
  var warmUp = 0.0
  var seconds = 1.0
  /// Bytes of an event's data.
  var bytes = 128
  /// Events in the side's tables at least; nothing is measured then.
  var fill: Int?

  /// Whose appends.
  enum Side: String, CaseIterable {
    /// Ours.
    case engine
    /// One commit an append, under a lock for the stream's category.
    case category
    /// One commit an append without a lock; readers order by transaction.
    case xid8
    /// The same into a table whose types and tags are indexed.
    case asked
  }

  static let usage = """
    usage: PostgresAppends engine|category|xid8|asked --url postgres://… \
    [--clients 64] [--in-flight 1] [--warm-up 0] [--seconds 1] [--bytes 128] [--fill EVENTS]
    """

  init(_ arguments: some Collection<String>) throws(Trouble) {
    var rest = Array(arguments)[...]
    guard let side = rest.popFirst().flatMap({ Side(rawValue: $0) }) else {
      throw Trouble(Self.usage)
    }
    self.side = side
    while let name = rest.popFirst() {
      switch name {
      case "--url": url = try Self.value(&rest, name)
      case "--clients": clients = try Self.value(&rest, name)
      case "--in-flight": inFlight = try Self.value(&rest, name)
      case "--warm-up": warmUp = try Self.value(&rest, name)
      case "--seconds": seconds = try Self.value(&rest, name)
      case "--bytes": bytes = try Self.value(&rest, name)
      case "--fill": fill = try Self.value(&rest, name)
      default: throw Trouble("no option is called '\(name)'\n\(Self.usage)")
      }
    }
    guard clients > 0, inFlight > 0, bytes > 0 else { throw Trouble("numbers are above 0") }
  }

  private static func value<V: LosslessStringConvertible>(
    _ rest: inout ArraySlice<String>,
    _ name: String
  ) throws(Trouble) -> V {
    guard let value = rest.popFirst().flatMap({ V($0) }) else {
      throw Trouble("\(name) needs a value")
    }
    return value
  }
}
