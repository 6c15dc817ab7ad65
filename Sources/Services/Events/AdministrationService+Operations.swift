internal import EventLogCore
internal import GRPCCore
internal import Schemas

// The log as a thing that is kept running: its state, limits, backups, compaction, leadership.
extension AdministrationService {
  func status(
    request: Wordweave_Events_V1_StatusRequest,
    context: ServerContext
  ) async throws -> Wordweave_Events_V1_StatusResponse {
    try await answering {
      let facts = try await log.facts()
      let identity = store.identity
      var answer = Wordweave_Events_V1_StatusResponse()
      answer.engine = facts.engine
      answer.log = identity.text
      answer.epoch = identity.epoch
      answer.epochEnds = identity.epochEnds.map(\.number)
      answer.head = try await store.engine.head().number
      answer.takesAppends = facts.takesAppends
      if facts.takesAppends {
        // An engine that gave up after a failed write knows it in its appender alone.
        let failure = await AppendProbe(engine: store.engine).failure()
        answer.takesAppends = failure == nil
      }
      answer.leader = facts.leader
      answer.leaderEpoch = facts.leaderEpoch
      answer.streams = facts.streams
      answer.streamsWithRemovals = facts.streamsWithRemovals
      answer.bytesOnDisk = facts.bytesOnDisk
      answer.bytesInMemory = facts.bytesInMemory
      answer.filesWaiting = facts.filesWaiting
      answer.replaysRunning = UInt32(replays.running)
      answer.startedAt = started.microseconds
      return answer
    }
  }

  func getLimits(
    request: Wordweave_Events_V1_GetLimitsRequest,
    context: ServerContext
  ) async throws -> Wordweave_Events_V1_GetLimitsResponse {
    var answer = Wordweave_Events_V1_GetLimitsResponse()
    answer.limits = Self.limits.map { name, value, unit in
      var limit = Wordweave_Events_V1_Limit()
      limit.name = name
      limit.value = UInt64(value)
      limit.unit = unit
      return limit
    }
    return answer
  }

  /// By name.
  private static let limits: [(name: String, value: Int, unit: String)] = [
    ("content type", EventLogLimits.contentTypeBytes, "bytes"),
    ("data", EventLogLimits.dataBytes, "bytes"),
    ("metadata", EventLogLimits.metadataBytes, "bytes"),
    ("metadata entries", EventLogLimits.metadataEntries, "entries"),
    ("metadata key", EventLogLimits.metadataKeyBytes, "bytes"),
    ("name", EventLogLimits.nameBytes, "bytes"),
    ("page", EventLogLimits.pageEvents, "events"),
    ("page bytes", EventLogLimits.pageBytes, "bytes"),
    ("query items", EventLogLimits.queryItems, "items"),
    ("query tags", EventLogLimits.queryTags, "tags"),
    ("query types", EventLogLimits.queryTypes, "types"),
    ("queue", EventLogLimits.queuedRequests, "requests"),
    ("queue bytes", EventLogLimits.queuedBytes, "bytes"),
    ("replays", ReplayLimits.running, "replays"),
    ("request", EventLogLimits.requestEvents, "events"),
    ("request bytes", EventLogLimits.requestBytes, "bytes"),
    ("request parts", EventLogLimits.requestParts, "parts"),
    ("tags", EventLogLimits.tags, "tags"),
  ]

  func backup(
    request: Wordweave_Events_V1_BackupRequest,
    response: RPCWriter<Wordweave_Events_V1_BackupProgress>,
    context: ServerContext
  ) async throws {
    guard request.path.hasPrefix("/") else {
      throw RPCError(code: .invalidArgument, message: "the path of a backup is absolute")
    }
    let path = request.path
    try await answering {
      let reached = Latest<BackupState>()
      // The backup may have been finished just before whoever follows it went away.
      let result = try await record.noting(.logBackedUp, of: path) {
        reached.value?.details
      } during: {
        try await alone {
          try await reached.following(every: Pace.progress) {
            try await log.backUp(to: path) { reached.set($0) }
          } tell: { state in
            try await response.write(.init(state, path))
          }
        }
      }
      try await record.note(
        .logBackedUp,
        of: path,
        details: [("through", "\(result.head)")]
      )
      var done = Wordweave_Events_V1_BackupProgress(result, path)
      done.finished = true
      try await response.write(done)
    }
  }

  func compact(
    request: Wordweave_Events_V1_CompactRequest,
    response: RPCWriter<Wordweave_Events_V1_CompactProgress>,
    context: ServerContext
  ) async throws {
    try await answering {
      let before = try await log.facts().bytesOnDisk
      let reached = Latest<CompactionState>()
      // What was rewritten until it breaks off stays so.
      try await record.noting(.logCompacted, of: "log") {
        reached.value?.details
      } during: {
        try await alone {
          try await reached.following(every: Pace.progress) {
            try await log.compact { reached.set($0) }
          } tell: { state in
            try await response.write(.init(state, before: before))
          }
        }
      }
      try await record.note(.logCompacted, of: "log")
      var done = Wordweave_Events_V1_CompactProgress(
        reached.value ?? CompactionState(part: "", done: 0, total: 0),
        before: before
      )
      done.phase = "done"
      done.done = done.total
      done.bytesNow = try await log.facts().bytesOnDisk
      done.finished = true
      try await response.write(done)
    }
  }

  func handOverLeadership(
    request: Wordweave_Events_V1_HandOverLeadershipRequest,
    context: ServerContext
  ) async throws -> Wordweave_Events_V1_HandOverLeadershipResponse {
    try await answering {
      try await log.handOverLeadership()
      // Whoever leads now takes it.
      try await record.note(.leadershipHandedOver, of: "log")
      var answer = Wordweave_Events_V1_HandOverLeadershipResponse()
      answer.head = try await store.engine.head().number
      return answer
    }
  }
}

extension AdministrationService {
  /// Runs long work on the whole log, of which there is one at a time: whoever asks for another hears
  /// what to wait for.
  func alone<Result>(_ work: () async throws -> Result) async throws -> Result {
    do {
      return try await work()
    } catch EventLogError.overloaded {
      throw RPCError(
        code: .failedPrecondition,
        message: "the log is being verified, compacted or backed up already; wait for that to end"
      )
    }
  }
}

extension BackupState {
  /// How far it is, for the record.
  fileprivate var details: [(name: String, value: String)] {
    [("phase", phase.rawValue), ("bytes", "\(done)"), ("total", "\(total)")]
  }
}

extension CompactionState {
  /// How far it is, for the record.
  fileprivate var details: [(name: String, value: String)] {
    [("part", part), ("done", "\(done)"), ("total", "\(total)")]
  }
}

extension Wordweave_Events_V1_BackupProgress {
  fileprivate init(_ state: BackupState, _ path: String) {
    self.init()
    phase = state.phase.rawValue
    done = state.done
    total = state.total
    head = state.head.number
    files = state.files
    self.path = path
  }
}

extension Wordweave_Events_V1_CompactProgress {
  fileprivate init(_ state: CompactionState, before: UInt64) {
    self.init()
    phase = state.part
    done = UInt64(state.done)
    total = UInt64(state.total)
    bytesBefore = before
    bytesNow = before
  }
}
