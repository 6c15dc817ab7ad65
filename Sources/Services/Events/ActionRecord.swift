package import EventLogCore
internal import GRPCCore
internal import Logging
internal import Schemas
internal import SwiftProtobuf

/// Makes what operators do an event of the log.
///
/// An action is noted once it has taken effect, so that what was refused leaves nothing; one that
/// breaks off after that is noted as broken off. Who did it and which request it belongs to is taken
/// from the call that is served.
struct ActionRecord: Sendable {
  /// Where the events lie.
  static let stream: StreamName = "$admin"
  /// The outcome of an action that had begun and did not come to its end.
  static let brokenOff = "broken off"
  /// Tries until a full queue is told to whoever acted: some seconds.
  private static let attempts = 10

  let engine: any EventLogEngine

  /// Appends the event of an action.
  ///
  /// Where the log is another process's, nothing is noted: that one records what its own services
  /// are asked to do; what this process's are asked to do (rebuilds, exports) is on no record.
  ///
  /// - Throws: `RPCError` that says that the action was carried out all the same.
  func note(
    _ kind: AdministrativeKind,
    of target: String,
    outcome: String = "done",
    details: [(name: String, value: String)] = [],
    as scope: CallScope = .current
  ) async throws {
    guard engine.takesReserved else { return }
    var action = Wordweave_Events_V1_AdministrativeAction()
    action.action = kind.rawValue
    action.target = target
    action.outcome = outcome
    action.details = details.map { name, value in
      .with {
        $0.name = name
        $0.value = value
      }
    }
    var request = AppendRequest(
      to: Self.stream,
      [
        NewEvent(
          // The same id in every try, so that none is written twice.
          id: .make(),
          type: EventType(kind.type),
          data: try action.serializedBytes()
        )
      ]
    )
    request.isReserved = true
    let (engine, signed) = (engine, request.signed(scope))
    do {
      // Whoever acted may be gone by now; what was done is recorded all the same.
      try await Task { try await Self.append(signed, to: engine) }.value
    } catch {
      throw RPCError(
        code: .unknown,
        message:
          "\(kind.rawValue) of \(target) was carried out, but could not be recorded: \(error)"
      )
    }
  }

  /// Runs an action, and notes it as broken off where an error or a cancellation ends it.
  ///
  /// - begun: what it had done by then; nil if that is nothing, which is not noted.
  func noting<Result>(
    _ kind: AdministrativeKind,
    of target: String,
    begun: () -> [(name: String, value: String)]? = { [] },
    during action: () async throws -> Result
  ) async throws -> Result {
    do {
      return try await action()
    } catch {
      if let details = begun() { await noteBrokenOff(kind, of: target, details: details) }
      throw error
    }
  }

  /// Never throws: what the caller is to hear is what broke the action off.
  private func noteBrokenOff(
    _ kind: AdministrativeKind,
    of target: String,
    details: [(name: String, value: String)]
  ) async {
    do {
      try await note(kind, of: target, outcome: Self.brokenOff, details: details)
    } catch {
      Logger(label: "wordweave.actions").error(
        "An action that broke off could not be recorded",
        metadata: ["error": "\(error)"]
      )
    }
  }

  private static func append(
    _ request: AppendRequest,
    to engine: any EventLogEngine
  ) async throws {
    for attempt in 1... {
      do throws(EventLogError) {
        _ = try await engine.append(request)
        return
      } catch {
        guard attempt < attempts else { throw error }
        switch error {
        case .overloaded(let delay): try await Task.sleep(for: delay)
        case .outcomeUnknown: continue
        default: throw error
        }
      }
    }
  }
}

extension AppendRequest {
  /// The request with who asks, and for which request of theirs, on every event.
  func signed(_ scope: CallScope = .current) -> AppendRequest {
    var request = traced()
    for part in request.parts.indices {
      for event in request.parts[part].events.indices {
        typealias Keys = EventLogCore.Metadata.Keys
        if let actor = scope.actor {
          request.parts[part].events[event].metadata[Keys.actor] = actor
        }
        if let correlation = scope.correlationID {
          request.parts[part].events[event].metadata[Keys.correlationID] = correlation
        }
      }
    }
    return request
  }
}

/// The tokens of the Event Service, as the log knows them.
///
/// Tokens lie in a file that the operator's commands change while nothing may run. The log is
/// brought up to it when a process starts and when the file changes: a token that was made and
/// revoked in between could never be used.
package struct TokenRecord: Sendable {
  /// A token, without its text.
  package struct Token: Hashable, Sendable {
    package let id: String
    package let name: String
    package let rights: String
    /// When it was made, as RFC 3339.
    package let made: String

    package init(id: String, name: String, rights: String, made: String) {
      self.id = id
      self.name = name
      self.rights = rights
      self.made = made
    }
  }

  /// Who changes the file: whoever may write to the data directory.
  private static let actor = "operator"
  /// Names the keeper of a token in its event.
  private static let keeperKey = "keeper"

  private let engine: any EventLogEngine
  /// Whose tokens these are: processes over one log have files of their own.
  private let keeper: String

  package init(_ engine: any EventLogEngine, keeper: String) {
    self.engine = engine
    self.keeper = keeper
  }

  /// Appends an event for each token that came or went since the log last heard of them.
  package func update(_ tokens: [Token]) async throws {
    let record = ActionRecord(engine: engine)
    let scope = CallScope(actor: Self.actor)
    let known = try await known()
    for token in tokens where !known.contains(token.id) {
      try await record.note(
        .tokenCreated,
        of: token.id,
        details: [
          ("name", token.name), ("rights", token.rights), ("made", token.made),
          (Self.keeperKey, keeper),
        ],
        as: scope
      )
    }
    for id in known.subtracting(tokens.map(\.id)).sorted() {
      try await record.note(.tokenRevoked, of: id, as: scope)
    }
  }

  /// The ids of this keeper's tokens that the log holds to be valid.
  private func known() async throws -> Set<String> {
    let types = [AdministrativeKind.tokenCreated, .tokenRevoked].map { EventType($0.type) }
    let query = EventQuery([EventQuery.Item(types: types)])
    var known: Set<String> = []
    var after = GlobalPosition.start
    while true {
      let page = try await engine.readAll(after: after, matching: query)
      for event in page.events where event.stream == ActionRecord.stream {
        let action = try Wordweave_Events_V1_AdministrativeAction(serializedBytes: event.data)
        if event.type.text == AdministrativeKind.tokenCreated.type {
          let isOwn = action.details.contains { $0.name == Self.keeperKey && $0.value == keeper }
          if isOwn { known.insert(action.target) }
        } else {
          known.remove(action.target)
        }
      }
      if page.isEnd { return known }
      after = page.scannedTo
    }
  }
}
