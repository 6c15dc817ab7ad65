/// When bytes that were received make room for more.
///
/// A message that is being put together must not wait for a window that is full of it; messages that
/// nobody takes must. So room is made whenever all whole messages are taken.
struct WindowLedger {
  private var untaken = 0
  private var owed = 0

  /// Whether no whole message waits.
  var isClear: Bool { untaken == 0 }

  /// Bytes came in.
  mutating func received(_ count: Int) { owed += count }

  /// A message is whole and waits to be taken.
  mutating func completed() { untaken += 1 }

  /// A message was taken.
  mutating func took() { untaken -= 1 }

  /// How many bytes to make room for now.
  mutating func credit() -> Int {
    guard isClear else { return 0 }
    defer { owed = 0 }
    return owed
  }
}
