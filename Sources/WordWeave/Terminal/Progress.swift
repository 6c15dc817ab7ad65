internal import Glibc
internal import WeaveRuntime

/// How far a piece of work is.
struct ProgressState: Equatable {
  var done: Int64
  /// Nil if nobody knows.
  var total: Int64?
  /// Per second, when the worker knows it better than the clock of this process.
  var rate: Double?
  /// A few words about the present phase.
  var phase = ""
}

/// The text of a progress line; pure.
enum ProgressLine {
  private static let barColumns = 24

  static func text(_ label: String, _ state: ProgressState, after elapsed: Duration, bar: Bool)
    -> String
  {
    let seconds = elapsed.inSeconds
    let rate = state.rate ?? (seconds > 0 ? Double(state.done) / seconds : 0)
    var parts = [state.phase.isEmpty ? label : "\(label), \(state.phase)"]
    if let total = state.total {
      let share = total > 0 ? min(1, Double(state.done) / Double(total)) : 1
      if bar { parts.append(Self.bar(share)) }
      parts.append("\(Int(share * 100)) %")
      parts.append("\(Figures.count(state.done))/\(Figures.count(total))")
    } else {
      parts.append(Figures.count(state.done))
    }
    parts.append(Figures.rate(rate))
    if let total = state.total, rate > 0, state.done < total {
      let left = Duration.seconds(min(1e9, Double(total - state.done) / rate))
      parts.append("\(Figures.time(left)) left")
    }
    return parts.joined(separator: "  ")
  }

  private static func bar(_ share: Double) -> String {
    let full = Int(share * Double(barColumns))
    return "[" + String(repeating: "█", count: full)
      + String(repeating: "·", count: barColumns - full) + "]"
  }
}

/// Shows how far a piece of work is, on standard error.
///
/// On a terminal one line is drawn anew at most ten times a second; elsewhere a line is written at
/// most every two seconds, so that a record of the run stays readable.
struct Progress: ~Copyable {
  private static let redrawInterval = Duration.milliseconds(100)
  private static let lineInterval = Duration.seconds(2)

  private let label: String
  private let console: Console
  private let start: ContinuousClock.Instant
  private var lastShown: ContinuousClock.Instant?
  private(set) var state = ProgressState(done: 0, total: nil)
  private var isDrawn = false

  init(_ label: String, on console: Console) {
    self.label = label
    self.console = console
    start = .now
  }

  /// Time since the work began.
  var elapsed: Duration { .now - start }

  mutating func show(_ state: ProgressState) {
    self.state = state
    let interval = console.errorIsTerminal ? Self.redrawInterval : Self.lineInterval
    if let lastShown, .now - lastShown < interval { return }
    // Work that is over before the first line is due needs none.
    if lastShown == nil, !console.errorIsTerminal, elapsed < interval { return }
    draw()
  }

  /// Shows the last state and leaves the line.
  mutating func finish() {
    if console.isQuiet { return }
    if console.errorIsTerminal {
      draw()
      Console.write("\n", to: STDERR_FILENO)
    } else if lastShown != nil {
      draw()
    }
    isDrawn = false
  }

  /// Writes a remark above the progress line.
  mutating func remark(_ text: String) {
    clear()
    console.remark(text)
  }

  /// Takes the line away, before other text is written.
  mutating func clear() {
    if isDrawn { Console.write("\r\u{1B}[K", to: STDERR_FILENO) }
    isDrawn = false
  }

  private mutating func draw() {
    if console.isQuiet { return }
    lastShown = .now
    let text = ProgressLine.text(label, state, after: elapsed, bar: console.errorIsTerminal)
    guard console.errorIsTerminal else { return console.remark(text) }
    // One column stays free: a full line would wrap, and drawing it again would scroll.
    let columns = Console.columns(of: STDERR_FILENO) - 1
    Console.write("\r" + DisplayText.cut(text, to: columns) + "\u{1B}[K", to: STDERR_FILENO)
    isDrawn = true
  }
}
