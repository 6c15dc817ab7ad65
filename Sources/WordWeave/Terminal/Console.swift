internal import Gateway
internal import Glibc

/// Where a command writes: results to standard output, everything about the work to standard error.
struct Console: Sendable {
  /// Whether somebody looks at the results.
  var outputIsTerminal: Bool
  /// Whether somebody looks at the messages.
  var errorIsTerminal: Bool
  /// Columns of the terminal; tables elsewhere are not cut.
  var width: Int?
  /// Whether colours are wanted and seen (no-color.org).
  var hasColours: Bool
  /// Leaves out progress and remarks.
  var isQuiet: Bool
  /// Prints JSON instead of tables.
  var isJSON: Bool

  init(isQuiet: Bool = false, isJSON: Bool = false) {
    outputIsTerminal = isatty(STDOUT_FILENO) == 1
    errorIsTerminal = isatty(STDERR_FILENO) == 1
    let noColour = environment("NO_COLOR").map { !$0.isEmpty } ?? false
    hasColours = outputIsTerminal && !noColour && environment("TERM") != "dumb"
    width = outputIsTerminal ? Self.columns(of: STDOUT_FILENO) : nil
    self.isQuiet = isQuiet
    self.isJSON = isJSON
  }

  /// The columns of the terminal behind `descriptor`.
  static func columns(of descriptor: Int32) -> Int {
    var size = winsize()
    guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }

  /// Writes a line of results.
  func print(_ line: String) { StandardOutput.process.write(line + "\n") }

  /// Writes a remark, unless they are not wanted.
  func remark(_ line: String) {
    if !isQuiet { Self.write(line + "\n", to: STDERR_FILENO) }
  }

  /// Writes what must be seen.
  func warn(_ line: String) { Self.write(line + "\n", to: STDERR_FILENO) }

  /// Prints `value` as a line of JSON.
  func print(_ value: JSONValue) { print(value.serialized) }

  /// Puts a colour around a text where colours are seen.
  func styled(_ text: String, _ style: Style) -> String {
    hasColours ? "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m" : text
  }

  enum Style: Int {
    case bold = 1
    case faint = 2
    case red = 31
    case green = 32
    case yellow = 33
  }

  /// Writes all of `text`, waiting for a descriptor that takes nothing yet.
  ///
  /// - Returns: the code of the error that kept it from that; nil if none did. Of standard error
  ///   nobody could be told.
  @discardableResult
  static func write(_ text: String, to descriptor: Int32) -> Int32? {
    var text = text
    return text.withUTF8 { bytes -> Int32? in
      var rest = UnsafeRawBufferPointer(bytes)
      while !rest.isEmpty {
        let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
        if count < 0, errno == EINTR { continue }
        if count < 0, errno == EAGAIN {
          // Whoever shares the terminal has set it so.
          var wanted = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
          _ = poll(&wanted, 1, -1)
          continue
        }
        guard count > 0 else { return count < 0 ? errno : EIO }
        rest = UnsafeRawBufferPointer(rebasing: rest[count...])
      }
      return nil
    }
  }
}
