import Foundation
import Gateway
import HTTPClientDriver
import Testing

@testable import WordWeave

extension KilledSystem {
  @Suite(.serialized) struct FullDiskTests {
    /// A small file system of its own; gone with the last reference.
    private final class SmallDisk: Sendable {
      let path: String
      private let scratch: Scratch

      init?(in scratch: Scratch) async throws {
        self.scratch = scratch
        path = scratch.path + "/disk"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        // Smaller than the room that a store sets aside for a write-ahead file (8.8 MiB): asked for
        // more than is free but not than there is, this kind of file system hands out all it has
        // before it refuses, and whoever writes in that moment finds it full.
        let mount = try Child(
          "/bin/mount",
          ["-t", "tmpfs", "-o", "size=8m", "tmpfs", path],
          output: scratch.path + "/mount"
        )
        guard try await mount.end() == 0 else { return nil }
      }

      deinit {
        // Lazily: whatever a failed test left open is let go of when its process ends.
        _ = umount2(path, Int32(MNT_DETACH))
      }
    }

    @Test func aFullDiskIsSaidAndLosesNothing() async throws {
      let scratch = try Scratch()
      guard getuid() == 0, let disk = try await SmallDisk(in: scratch) else {
        try Test.cancel("making a small file system needs the right to mount")
      }
      let system = try await Served(in: scratch, data: disk.path + "/data")
      let author = try await Person("ada", at: system)
      let ballast = disk.path + "/ballast"
      let free = try #require(
        FileManager.default.attributesOfFileSystem(forPath: disk.path)[.systemFreeSize] as? Int
      )
      let room = 1 << 20
      #expect(free > 2 * room)
      try Data(repeating: 7, count: free - room).write(to: URL(fileURLWithPath: ballast))

      var kept: [String] = []
      var refusal: HTTPResponse?
      // Random, so that no compression helps.
      var random = SplitMix(seed: 1)
      let letters = (0..<150_000).map { _ in UInt8.random(in: 0x61...0x7A, using: &random) }
      let body = String(decoding: letters, as: UTF8.self)
      for index in 0..<40 where refusal == nil {
        let text = #"{"title":"Post \#(index)","body":"\#(body)"}"#
        let response = try await author.send("POST", "/v1/posts", text)
        if response.status == 201 {
          kept.append(try #require(try response.json()["id"]?.text))
        } else {
          refusal = response
        }
      }
      let refused = try #require(refusal, "the disk never got full")
      #expect(!kept.isEmpty)
      #expect((500...599).contains(refused.status), "\(refused.text)")
      #expect(refused.problem != nil, "\(refused.text)")
      #expect(!refused.text.contains(disk.path), "\(refused.text)")
      // It goes on refusing clearly, whatever is written, and reads go on.
      let again = try await author.send("POST", "/v1/posts", #"{"title":"Small"}"#)
      #expect((500...599).contains(again.status) || again.status == 201, "\(again.text)")
      if again.status == 201 { kept.append(try #require(try again.json()["id"]?.text)) }

      try FileManager.default.removeItem(atPath: ballast)
      try await system.crash()
      try await system.restart()
      for id in kept {
        let post = try await author.send("GET", "/v1/posts/" + id)
        #expect(post.status == 200, "\(post.text)")
      }
      let events = try await system.events()
      #expect(events.count { $0["type"]?.text == "PostDrafted" } >= kept.count)
      #expect(try await author.draft("There is room again").isEmpty == false)
      try await system.expectSound()
      #expect(try await system.stop() == 0)
    }
  }
}
