internal import Glibc
internal import WeaveRuntime

/// Gives free memory back to the system once the process has become quiet.
enum QuietHeap {
  /// How often it is looked at.
  private static let period = Duration.seconds(30)
  /// The share of one core below which a process counts as quiet: giving back takes milliseconds
  /// with the heap locked, which only somebody at work would notice.
  private static let quietShare = 0.05

  /// Runs until cancelled.
  static func keep() async throws {
    var used = processSeconds()
    // What starting left behind is given back too.
    var hasWorked = true
    while true {
      try await Task.sleep(for: period)
      let before = used
      used = processSeconds()
      if (used - before) / Double(period.components.seconds) > quietShare {
        hasWorked = true
      } else if hasWorked {
        hasWorked = false
        await giveBack()
      }
    }
  }

  private static func giveBack() async {
    await withUnsafeContinuation { continuation in
      Thread.start(name: "heap") {
        Heap.giveBack()
        continuation.resume()
      }
    }
  }

  /// The time of all cores that this process has used.
  private static func processSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
