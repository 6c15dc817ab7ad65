public import EventLogCore
internal import GRPCCore
internal import Schemas
internal import Synchronization

// What the service at the other end knows of its log; for bearers of the right `admin`.
extension RemoteEventLog {
  /// What a log holds.
  public struct Statistics: Hashable, Sendable {
    /// The engine underneath.
    public let engine: String
    /// How many events there are: the head.
    public let events: UInt64
    /// How many streams were ever written.
    public let streams: UInt64
    /// Bytes on the disks of the other end.
    public let bytesOnDisk: UInt64
  }

  private var administration: Wordweave_Events_V1_Administration.Client<Transport> {
    Wordweave_Events_V1_Administration.Client(wrapping: line.client)
  }

  /// Asks what the log holds; by the other end's status, for which it reads no event.
  public func statistics() async throws(EventLogError) -> Statistics {
    let answer = try await line.asking { [administration, line] metadata in
      try await administration.status(.init(), metadata: metadata, options: line.options)
    }
    return Statistics(
      engine: answer.engine,
      events: answer.head,
      streams: answer.streams,
      bytesOnDisk: answer.bytesOnDisk
    )
  }

  /// Lets the other end check everything.
  ///
  /// - Parameter progress: hears the position reached.
  /// - Throws: `.corrupt` with the first finding.
  public func verify(
    progress: @escaping @Sendable (GlobalPosition) -> Void
  ) async throws(EventLogError) {
    let last = try await line.asking { [administration, line] metadata in
      try await administration.verify(.init(), metadata: metadata, options: line.options) {
        response in
        var last = Wordweave_Events_V1_VerifyProgress()
        for try await message in response.messages {
          progress(GlobalPosition(message.done))
          last = message
        }
        return last
      }
    }
    if let finding = last.findings.first { throw .corrupt(finding, at: nil) }
    guard last.finished else { throw .unavailable("the check ended before its end") }
  }
}
