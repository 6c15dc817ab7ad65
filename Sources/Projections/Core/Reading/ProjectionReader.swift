public import EventLogCore

/// Why a projection did not answer a read.
public enum ProjectionReadError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The projection did not reach the asked position in time; `lag` counts positions to the head.
  case lagging(applied: GlobalPosition, lag: UInt64)
  /// The asked stream is parked at or before the asked position: what is stored is old.
  case parked(StreamName)
  /// The log never came that far.
  case beyondHead(head: GlobalPosition)

  /// What was asked, and what was found.
  public var description: String {
    switch self {
    case .lagging(let applied, let lag):
      "the read model is at position \(applied), \(lag) behind the head of the log"
    case .parked(let stream): "stream '\(stream)' is parked: its read model is out of date"
    case .beyondHead(let head): "the position lies beyond the head of the log, \(head)"
    }
  }
}

/// What a service reads its read model through.
public protocol ProjectionReader: Sendable {
  /// Waits until the read model reflects `floor`, at most `patience`, then reads as of one moment.
  ///
  /// - Shape: `body` runs on a thread of the store. With `stream` only the stream's partition is
  ///   waited for, and a stream that is parked at or before `floor` is told.
  /// - Errors: `ProjectionReadError`; what `body` throws; cancellation.
  /// - Source: gateway, 2.4, read your writes.
  func read<R: Sendable>(
    atLeast floor: GlobalPosition?,
    stream: StreamName?,
    patience: Duration,
    _ body: @escaping @Sendable (ReadModelView) throws -> R
  ) async throws -> R

  /// Reads one document, as `read` would; a hot one without leaving the thread.
  ///
  /// - Returns: the document, nil if there is none, and a position that it surely reflects.
  func document<Document: Sendable>(
    _ key: DocumentKey,
    in collection: Collection<Document>,
    atLeast floor: GlobalPosition?,
    stream: StreamName?,
    patience: Duration
  ) async throws -> (document: Document?, position: GlobalPosition)

  /// Everything at or below it that concerns the projection is applied or parked; never goes back.
  var appliedPosition: GlobalPosition { get }
}

extension ProjectionReader {
  /// Reads one document by an ordinary read.
  public func document<Document: Sendable>(
    _ key: DocumentKey,
    in collection: Collection<Document>,
    atLeast floor: GlobalPosition?,
    stream: StreamName?,
    patience: Duration
  ) async throws -> (document: Document?, position: GlobalPosition) {
    try await read(atLeast: floor, stream: stream, patience: patience) { view in
      (try view.get(key, in: collection), view.appliedPosition)
    }
  }

  /// Reads what there is now, without waiting.
  public func read<R: Sendable>(
    _ body: @escaping @Sendable (ReadModelView) throws -> R
  ) async throws -> R {
    try await read(atLeast: nil, stream: nil, patience: .zero, body)
  }
}

/// Where services register their projections.
public protocol ProjectionHost: Sendable {
  /// Opens the projection's read model, new or as the store has it.
  ///
  /// - Errors: `ReadModelError.misdeclared` if its title was registered before.
  func register<P: Projection>(_ projection: P) throws -> any ProjectionReader
}
