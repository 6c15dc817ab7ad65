package import EventLogCore
package import MessagingCore
package import ProjectionsCore

/// What an engine tells of itself; each engine has its own way of knowing.
package struct LogFacts: Sendable {
  package let engine: String
  package let events: UInt64
  package let streams: UInt64
  package let bytesOnDisk: UInt64

  package init(engine: String, events: UInt64, streams: UInt64, bytesOnDisk: UInt64) {
    self.engine = engine
    self.events = events
    self.streams = streams
    self.bytesOnDisk = bytesOnDisk
  }
}

/// A stream of a listing.
package struct ListedStream: Hashable, Sendable {
  package let name: StreamName
  package let state: StreamState

  package init(name: StreamName, state: StreamState) {
    self.name = name
    self.state = state
  }
}

/// What the Event Service is given to look after the log.
package protocol LogAdministration: Sendable {
  /// Streams whose names begin with `prefix`, behind `after`, ordered by bytes; at most `limit`.
  func streams(
    prefix: String,
    after: StreamName?,
    limit: Int
  ) async throws(EventLogError) -> [ListedStream]
  /// What the engine knows of itself.
  func facts() async throws(EventLogError) -> LogFacts
  /// Checks everything; `progress` hears the position reached. Throws `.corrupt` at the first damage.
  func verify(
    progress: @escaping @Sendable (GlobalPosition) -> Void
  ) async throws(EventLogError)
}

extension LogAdministration {
  /// For engines that keep no list of their streams.
  package func streams(
    prefix: String,
    after: StreamName?,
    limit: Int
  ) async throws(EventLogError) -> [ListedStream] {
    throw .invalid("this engine keeps no list of its streams")
  }
}

/// What the Event Service is given to look after projections.
package protocol ProjectionAdministration: Sendable {
  /// Every projection of the process.
  var projections: [any ManagedProjection] { get }
  /// The parked streams of a projection, by stream.
  func parked(of projection: ProjectionID) -> [ParkedStream]
  /// Asks the projection's lanes to handle a parked stream now.
  func redrive(_ stream: StreamName, of projection: ProjectionID)
}
