import EventLogCore
import EventLogRemote
import Gateway
import Glibc
import Testing

@testable import WordWeave

extension WholeSystem {
  /// More connections than a process may have.
  @Suite(.serialized) struct ManyConnectionsTests {
    /// What the process gets; a log of its own needs some of them.
    private static let descriptors = 256
    private static let connections = 400

    @Test func moreConnectionsThanDescriptorsDoNotEndTheService() async throws {
      let scratch = try Scratch()
      let data = scratch.path + "/data"
      let port = try FreePort.find()
      let child = try Child(
        "/bin/sh",
        [
          "-c", "ulimit -n \(Self.descriptors) && exec \"$0\" \"$@\"", Child.wordweave, "serve",
          "--data", data, "--port", "0", "--webhook-port", "0", "--grpc-port", "\(port)", "--only",
          "events",
        ],
        output: scratch.path + "/serve"
      )
      let token = try await eventually("the operator's token is there") {
        ServedDirectory.token(in: data)
      }
      let remote = try await RemoteEventLog.connect(
        RemoteSettings(host: "127.0.0.1", port: port, token: token)
      )
      func append() async throws {
        _ = try await remote.append(AppendRequest(to: "s", [NewEvent(type: "Happened")]))
      }
      try await append()
      var held: [Int32] = []
      defer { for socket in held { close(socket) } }
      for _ in 0..<Self.connections { held.append(try Self.connect(port)) }
      // They are held at the same time, and the log still opens what files it needs.
      let limit = EventLogLimits.dataBytes / 4
      for _ in 0..<40 {
        _ = try await remote.append(
          AppendRequest(
            to: "s",
            [NewEvent(type: "Happened", data: [UInt8](repeating: 1, count: limit))]
          )
        )
      }
      #expect(child.poll() == nil, "\(child.complaints)")
      for socket in held { close(socket) }
      held = []
      // Whoever comes afterwards is served.
      let late = try await RemoteEventLog.connect(
        RemoteSettings(host: "127.0.0.1", port: port, token: token)
      )
      #expect(try await late.head() == GlobalPosition(41))
      await late.close()
      await remote.close()
      kill(child.pid, SIGTERM)
      #expect(try await child.end() == 0)
    }

    private static func connect(_ port: Int) throws -> Int32 {
      let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_port = in_port_t(UInt16(port).bigEndian)
      address.sin_addr.s_addr = inet_addr("127.0.0.1")
      let result = withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
      }
      guard result == 0 else {
        close(descriptor)
        throw Trouble("connecting to port \(port)", errno)
      }
      return descriptor
    }
  }
}
