package import NIOCore

/// Carries lines from whoever makes them to the body that is being sent, with room for a few.
///
/// A maker that is ahead waits, so a slow reader costs no memory; a reader that left ends the maker.
package actor Conveyor {
  /// Lines that may wait: enough to fill a packet, few enough to hold.
  package static let room = 64
  private let room: Int
  private var lines: [ByteBuffer] = []
  private var hasEnded = false
  private var isAbandoned = false
  /// Lines that were handed over.
  private var count = 0
  private var reader: CheckedContinuation<Void, Never>?
  private var makers: [CheckedContinuation<Void, Never>] = []

  /// Makes one for lines, or for `room` buffers that are larger.
  package init(room: Int = Conveyor.room) { self.room = room }

  /// Hands a line over; waits while there is no room.
  package func send(_ line: ByteBuffer) async throws {
    while lines.count >= room, !isAbandoned, !hasEnded {
      await withCheckedContinuation { makers.append($0) }
    }
    guard !isAbandoned, !hasEnded else { throw CancellationError() }
    lines.append(line)
    count += 1
    wakeReader()
  }

  /// Writes a line of JSON and hands it over.
  package func send(_ write: (inout JSONWriter) -> Void) async throws {
    var writer = JSONWriter()
    write(&writer)
    writer.endLine()
    try await send(writer.buffer)
  }

  /// Runs `produce`, and hands over what `beat` answers whenever `pause` passes without a line: only a
  /// write shows that a reader has left.
  package nonisolated func send(
    every pause: Duration,
    _ beat: @escaping @Sendable () -> ByteBuffer?,
    besides produce: @escaping @Sendable () async throws -> Void
  ) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await produce() }
      group.addTask {
        while true {
          let before = await self.count
          try await Task.sleep(for: pause)
          if await self.count == before, let line = beat() { try await self.send(line) }
        }
      }
      defer { group.cancelAll() }
      try await group.next()
    }
  }

  /// Nothing will follow.
  package func end() {
    hasEnded = true
    wakeReader()
    wakeMakers()
  }

  /// All lines that wait, or nil at the end.
  func next() async -> ByteBuffer? {
    while lines.isEmpty, !hasEnded, !isAbandoned {
      await withTaskCancellationHandler {
        await withCheckedContinuation { reader = $0 }
      } onCancel: {
        Task { await abandon() }
      }
    }
    guard !lines.isEmpty, !isAbandoned else { return nil }
    var whole = lines[0]
    for var line in lines.dropFirst() { whole.writeBuffer(&line) }
    lines.removeAll(keepingCapacity: true)
    wakeMakers()
    return whole
  }

  /// The reader is gone.
  func abandon() {
    isAbandoned = true
    wakeReader()
    wakeMakers()
  }

  private func wakeReader() {
    reader?.resume()
    reader = nil
  }

  private func wakeMakers() {
    for maker in makers { maker.resume() }
    makers.removeAll()
  }
}
