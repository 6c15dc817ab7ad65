import EventLogCore
import EventLogRocksDB
import Glibc
import Testing

/// A disk of a few megabytes, in memory; making one takes the right to mount.
final class SmallDisk {
  let path: String

  init?(bytes: Int) {
    guard let folder = try? TemporaryFolder.make() else { return nil }
    path = folder
    guard mount("tmpfs", path, "tmpfs", 0, "size=\(bytes)") == 0 else {
      rmdir(path)
      return nil
    }
  }

  deinit {
    // Lazily: a file that is still open must not keep the mount.
    umount2(path, Int32(MNT_DETACH))
    rmdir(path)
  }

  static let isAvailable = SmallDisk(bytes: 1 << 20) != nil
}

@Suite struct FullDiskTests {
  @Test(
    .enabled(if: SmallDisk.isAvailable, "mounting a small disk takes the rights of root"),
    .timeLimit(.minutes(1))
  )
  func L44_aFullDiskEndsTheEngine() async throws {
    let disk = try #require(SmallDisk(bytes: 6 << 20))
    let log = try RocksDBEventLog.open(path: disk.path + "/log")
    var answered: UInt64 = 0
    var failure: EventLogError?
    while failure == nil, answered < 1000 {
      do throws(EventLogError) {
        answered = try await log.append(FailedWriteTests.request(bytes: 100_000))
          .lastPosition.number
      } catch {
        failure = error
      }
    }
    guard case .outcomeUnknown = failure else {
      Issue.record("expected `outcomeUnknown`, found \(String(describing: failure))")
      return
    }
    guard case .unavailable = await FailedWriteTests.outcome(of: log) else {
      Issue.record("an append was taken after a failed write")
      return
    }
    #expect(try await log.head().number == answered)
    await log.close()
    // With room again the log opens and holds what was answered.
    #expect(mount("tmpfs", disk.path, "tmpfs", UInt(MS_REMOUNT), "size=67108864") == 0)
    let again = try RocksDBEventLog.open(path: disk.path + "/log")
    #expect(try await again.head().number >= answered)
    try await again.verify()
    _ = try await again.append(FailedWriteTests.request())
    await again.close()
  }
}
