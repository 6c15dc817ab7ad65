import Foundation
import Glibc
import Testing

@testable import WordWeave

@Suite struct ServedDirectoryTests {
  @Test func anAnnouncementCountsWhileTheDirectoryIsHeld() throws {
    let folder = NSTemporaryDirectory() + "wordweave-served-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    // The number is a living process's, as after a restart of a container.
    let announced = "{\"url\": \"http://127.0.0.1:1\", \"pid\": \(getpid())}\n"
    try Data(announced.utf8).write(to: URL(fileURLWithPath: folder + "/serve.json"))
    #expect(ServedDirectory.url(in: folder) == nil)
    let lock = open(folder + "/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    defer { close(lock) }
    #expect(ServedDirectory.url(in: folder) == nil)
    let taken = flock(lock, LOCK_EX | LOCK_NB)
    try #require(taken == 0)
    #expect(ServedDirectory.url(in: folder) == "http://127.0.0.1:1")
    flock(lock, LOCK_UN)
    #expect(ServedDirectory.url(in: folder) == nil)
  }
}
