import Glibc
import Synchronization
import Testing
import WeaveRuntime

@testable import WordWeave

@Suite struct StandardOutputTests {
  /// Opens a device for writing; it stays as it is.
  private func opened(_ path: String) throws -> Int32 {
    let descriptor = open(path, O_WRONLY | O_CLOEXEC)
    try #require(descriptor >= 0)
    return descriptor
  }

  @Test func aLostResultIsRememberedAndStopsTheWorkOnce() throws {
    let descriptor = try opened("/dev/full")
    defer { close(descriptor) }
    let output = StandardOutput(descriptor)
    let stops = Stops()
    output.onFailure { stops.add() }
    try output.check()
    output.write("one\n")
    output.write("two\n")
    #expect(stops.count == 1)
    #expect(output.failure?.code == .failure)
    #expect(output.failure?.description == "writing standard output: No space left on device")
    #expect(throws: CommandError.self) { try output.check() }
    // Whoever asks later is told at once.
    output.onFailure { stops.add() }
    #expect(stops.count == 2)
  }

  @Test func whatIsTakenIsNoFailure() throws {
    let descriptor = try opened("/dev/null")
    defer { close(descriptor) }
    let output = StandardOutput(descriptor)
    let stops = Stops()
    output.onFailure { stops.add() }
    output.write("one\n")
    #expect(output.failure == nil && stops.count == 0)
    try output.check()
  }

  @Test func aDescriptorThatTakesNothingYetIsWaitedFor() throws {
    var ends: [Int32] = [0, 0]
    let made = pipe(&ends)
    try #require(made == 0)
    let (reader, writer) = (ends[0], ends[1])
    defer { close(writer) }
    _ = fcntl(writer, F_SETFL, O_NONBLOCK)
    Thread.start(name: "pipe-reader") {
      var bytes = [UInt8](repeating: 0, count: 1 << 16)
      while read(reader, &bytes, bytes.count) > 0 {}
      close(reader)
    }
    // More than a pipe holds.
    #expect(Console.write(String(repeating: "a", count: 1 << 20), to: writer) == nil)
  }
}

/// How often work was told to stop.
private final class Stops: Sendable {
  private let number = Mutex(0)
  var count: Int { number.withLock { $0 } }
  func add() { number.withLock { $0 += 1 } }
}
