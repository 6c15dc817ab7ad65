package import GRPCCore
internal import HTTPTypes
internal import Hummingbird
internal import Schemas

extension Exchange {
  /// Who asks, in the words that services understand.
  package var callMetadata: Metadata {
    var metadata = Metadata()
    metadata.reserveCapacity(8)
    if let principal {
      metadata.addString(principal.subject, forKey: "ww-actor")
      if !principal.roles.isEmpty { metadata.addString(principal.roleList, forKey: "ww-roles") }
    }
    metadata.addString(requestID, forKey: "ww-correlation-id")
    return metadata
  }

  /// Asks a service for what is there, at least as of the floor.
  ///
  /// A floor that the client named is kept or refused; one only remembered is kept if it can be
  /// within the patience, and otherwise the answer says that it lags.
  package mutating func read<Message: Sendable>(
    _ call: (Metadata, CallOptions) async throws -> Answer<Message>
  ) async throws(Problem) -> Message {
    var metadata = callMetadata
    var options = Upstreams.readOptions
    if let floor {
      metadata.addString(String(floor.position), forKey: "ww-min-position")
      metadata.addString(String(patience * 1000), forKey: "ww-patience-ms")
      options.timeout = Upstreams.readTimeout + .seconds(patience)
    }
    do {
      let answer = try await call(metadata, options)
      note(answer.position)
      return answer.message
    } catch {
      let problem = Self.problem(error, expectsRevision: false)
      guard let floor, !floor.isAskedFor,
        problem.kind == .projectionLagging || problem.kind == .positionBeyondHead
      else { throw problem }
      self.floor = nil
      _ = try? await core.logID()
      headers[.lagging] = core.place(floor.position)
    }
    return try await read(call)
  }

  /// Sends a command to a service and remembers where it was written.
  package mutating func write<Message: Sendable>(
    expecting revision: EntityTag.Condition = .none,
    _ call: (Metadata, CallOptions) async throws -> Answer<Message>
  ) async throws(Problem) -> Message {
    var metadata = callMetadata
    switch revision {
    case .none: break
    case .exists: metadata.addString("exists", forKey: "ww-expected-revision")
    case .revision(let number):
      metadata.addString(String(number), forKey: "ww-expected-revision")
    case .never: throw Problem(.revisionConflict)
    }
    if let command {
      metadata.addString(command.keyDigest, forKey: "ww-idempotency-key")
      metadata.addString(command.fingerprint, forKey: "ww-idempotency-fingerprint")
    }
    do {
      let answer = try await call(metadata, Upstreams.writeOptions)
      wrote(at: answer.position)
      if answer.isRepeat, command != nil { headers[.idempotencyReplayed] = "?1" }
      return answer.message
    } catch {
      throw Self.problem(error, expectsRevision: revision != .none)
    }
  }

  /// Notes and remembers where something was written.
  package mutating func wrote(at position: UInt64?) {
    note(position)
    guard let position, let principal else { return }
    core.floors.remember(position, for: principal.subject)
  }

  /// Waits until every service's read models have what was written, if the client prefers that.
  package mutating func settle() async {
    guard waitsForSettling, let position, request.method != .get, request.method != .head else {
      return
    }
    var metadata = Metadata()
    metadata.addString(String(position), forKey: "ww-min-position")
    metadata.addString(String(patience * 1000), forKey: "ww-patience-ms")
    let options = Upstreams.options(timeout: .seconds(patience) + .seconds(1))
    let upstreams = core.upstreams
    var tags = Wordweave_Posts_V1_ListTagsRequest()
    tags.limit = 1
    var posts = Wordweave_Posts_V1_ListPostsRequest()
    posts.limit = 1
    do {
      _ = try await upstreams.posts.listTags(tags, metadata: metadata, options: options)
      _ = try await upstreams.posts.list(posts, metadata: metadata, options: options)
      _ = try await upstreams.users.getUsers(.init(), metadata: metadata, options: options)
      headers[.preferenceApplied] = "wait=\(patience)"
    } catch {
      // The write stands; that it is not settled is told by the missing Preference-Applied.
    }
  }

  package static func problem(_ error: any Error, expectsRevision: Bool) -> Problem {
    switch error {
    case let problem as Problem: problem
    case let error as RPCError: Problem(error, expectsRevision: expectsRevision)
    case is CancellationError: Problem(.draining)
    default: Problem(.internal)
    }
  }
}
