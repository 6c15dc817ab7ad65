package import Glibc

/// Nanoseconds of the clock that all processes of a machine share.
package enum Clock {
  package static var now: UInt64 { nanoseconds(CLOCK_MONOTONIC) }

  package static func nanoseconds(_ clock: clockid_t) -> UInt64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}
