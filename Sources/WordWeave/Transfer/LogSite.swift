internal import EventLogCore
internal import Gateway
internal import HTTPClientDriver
internal import Schemas

/// The log that events are taken from or put into.
enum LogSite: Sendable {
  /// A running system serves it.
  case served(AdminClient)
  /// This process has it open.
  case open(any EventLogEngine)

  /// Which log it is and where it ends.
  struct Place: Sendable {
    /// `<id>/<epoch>`.
    let log: String
    let head: UInt64
  }

  func place() async throws -> Place {
    switch self {
    case .served(let client):
      let status = try await client.get("/v1/admin/log/status")
      return Place(
        log: status["log"]?.text ?? "",
        head: UInt64(max(0, status["head"]?.integer ?? 0))
      )
    case .open(let engine):
      return Place(log: engine.identity.text, head: try await engine.head().number)
    }
  }

  /// The bytes of an export in its binary form.
  func export() async throws -> ExportBytes {
    switch self {
    case .served(let client): .served(try await client.file("/v1/admin/log/export"), client)
    case .open(let engine): .open(LogExport(of: engine).makeAsyncIterator())
    }
  }

  /// Writes events at their own positions; those that are there already must be equal.
  func restore(_ events: [RecordedEvent]) async throws {
    switch self {
    case .served(let client):
      var run: [UInt8] = []
      run.reserveCapacity(events.reduce(0) { $0 + $1.withEnvelope { $0.count } })
      for event in events { event.withEnvelope { run.append(contentsOf: $0) } }
      _ = try await client.post("/v1/admin/log/restorations", bytes: run)
    case .open(let engine):
      try await engine.restore(events)
    }
  }
}

/// An export on its way.
enum ExportBytes {
  case served(HTTPStream, AdminClient)
  case open(LogExport.Iterator)

  /// Waits for the next bytes; nil is the end.
  mutating func next() async throws -> [UInt8]? {
    switch self {
    case .served(let stream, let client):
      do {
        return try await stream.next()
      } catch {
        throw client.brokenOff(error, "exporting the log")
      }
    case .open(var iterator):
      try Task.checkCancellation()
      let bytes = try await iterator.next()
      self = .open(iterator)
      return bytes
    }
  }
}
