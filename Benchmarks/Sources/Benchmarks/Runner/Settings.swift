/// How long and how often figures are measured.
struct Settings: Sendable, CustomStringConvertible {
  /// Figures asked for; none stands for all.
  var names: [String] = []
  /// How often the sides of a comparison take turns; the median of them is told.
  var rounds = 5
  /// How long one side runs in one round, where a figure runs for a time.
  var duration: Duration = .seconds(2)
  /// How many events the log holds, where a figure reads.
  var events = 500_000
  /// Bytes of an event's data.
  var dataBytes = 256
  /// The writers and events per append that `append` measures; none stands for all.
  var cells: [String] = []
  /// Where databases are written; a disk, not memory, or synced writes cost nothing.
  var folder = ".build/benchmarks-data"

  static let usage = """
    usage: Benchmarks [FIGURE…] [--rounds 5] [--seconds 2] [--events 500000] [--bytes 256] \
    [--folder .build/benchmarks-data] [--cells 64x1,64x10] [--quick]
    figures: \(Benchmarks.figures.map { $0.name }.joined(separator: " "))
    """

  struct Refusal: Error, CustomStringConvertible { let description: String }

  init(_ arguments: some Collection<String>) throws {
    var rest = Array(arguments)[...]
    while let argument = rest.popFirst() {
      switch argument {
      case "--quick":
        rounds = 1
        duration = .milliseconds(300)
        events = 20_000
      case "--rounds": rounds = try Self.number(&rest, argument)
      case "--seconds": duration = .seconds(try Self.number(&rest, argument))
      case "--events": events = try Self.number(&rest, argument)
      case "--bytes": dataBytes = try Self.number(&rest, argument)
      case "--cells":
        guard let list = rest.popFirst() else {
          throw Refusal(description: "--cells needs a list such as 64x1,64x10")
        }
        cells = list.split(separator: ",").map(String.init)
      case "--folder":
        guard let path = rest.popFirst() else {
          throw Refusal(description: "--folder needs a path")
        }
        folder = path
      default:
        guard Benchmarks.figures.contains(where: { $0.name == argument }) else {
          throw Refusal(description: "no figure is called '\(argument)'")
        }
        names.append(argument)
      }
    }
  }

  var description: String {
    "\(rounds) alternating rounds, \(duration) each side where a figure runs for a time, "
      + "\(events) events where it reads, \(dataBytes) bytes of data per event; medians"
  }

  private static func number(_ rest: inout ArraySlice<String>, _ name: String) throws -> Int {
    guard let number = rest.popFirst().flatMap({ Int($0) }), number > 0 else {
      throw Refusal(description: "\(name) needs a number above 0")
    }
    return number
  }
}
