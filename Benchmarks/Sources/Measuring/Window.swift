internal import Glibc

/// Warm-up, then the time that counts; tells the caller of the program when it begins and ends.
package struct Window {
  private let start: UInt64
  private let end: UInt64
  package private(set) var isOpen = false
  package private(set) var isOver = false
  private var openedAt: UInt64 = 0
  private var closedAt: UInt64 = 0
  private var cpuBefore = 0.0
  private var cpuAfter = 0.0

  package init(warmUp: Double, seconds: Double) {
    let now = Clock.now
    start = now + UInt64(warmUp * 1e9)
    end = start + UInt64(seconds * 1e9)
  }

  /// Looks at the clock; called in every turn of the loop.
  package mutating func advance() {
    let now = Clock.now
    if !isOpen, !isOver, now >= start {
      isOpen = true
      openedAt = now
      cpuBefore = Self.cpu
      Line.write("begin")
    }
    if isOpen, now >= end {
      isOpen = false
      isOver = true
      closedAt = now
      cpuAfter = Self.cpu
      Line.write("end")
    }
  }

  package var elapsed: Double { Double(closedAt - openedAt) / 1e9 }
  package var cpuSeconds: Double { cpuAfter - cpuBefore }

  /// Processor seconds of this process.
  private static var cpu: Double { Double(Clock.nanoseconds(CLOCK_PROCESS_CPUTIME_ID)) / 1e9 }
}
