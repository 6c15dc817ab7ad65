internal import EventLogCore
internal import Synchronization

/// The room that one connection has for answers which wait for their reader.
///
/// Each answer is bounded by itself (`CallOutbound`); a client that opens thousands and never a
/// window needs them bounded together. What waits is counted, and whoever is going to answer with
/// events takes a place before they are read: of what finds none, nothing is in memory.
///
/// - Shape: bytes on their way fill the room beside the places; writers never wait for it, so what
///   frees it, a window that opens, always can. Places are given in the order of asking.
/// - Errors: who is cancelled while it waits for a place gets `CancellationError`.
final class AnswerRoom: Sendable {
  /// Bytes that may wait on one connection: as many as of its unfinished requests.
  ///
  /// The pages that were read in the places of this room come on top.
  static let bytes = EventLogLimits.queuedBytes
  /// Bytes of a place: those of a message.
  ///
  /// A page has up to four times as many; its reader writes a message at a time and waits between.
  static let placeBytes = EventPage.messageBytes
  /// Bytes for each page that is read ahead: as many as one may have.
  static let aheadBytes = EventLogLimits.pageBytes
  /// How long an answer may stand still in front of a closed window once the room is full: as long
  /// as a deaf connection is given.
  static let stallLimit = ConnectionPulse.patience

  private struct State {
    var queued = 0
    var places = 0
    /// Calls that read ahead.
    var ahead = 0
    var waiting: [UInt64: CheckedContinuation<Bool, Never>] = [:]
    var next: UInt64 = 0
    /// No one that waits has a lower number.
    ///
    /// Kept close to those who do: all numbers from here on are looked for when there are places.
    var first: UInt64 = 0

    func hasPlace(in bound: Int) -> Bool { queued + places * AnswerRoom.placeBytes < bound }

    /// Gives places to those who wait, as far as there are some.
    mutating func admit(in bound: Int) -> [CheckedContinuation<Bool, Never>] {
      var admitted: [CheckedContinuation<Bool, Never>] = []
      while !waiting.isEmpty, hasPlace(in: bound) {
        if let reader = waiting.removeValue(forKey: first) {
          places += 1
          admitted.append(reader)
        }
        first += 1
      }
      return admitted
    }
  }

  private let bound: Int
  private let state = Mutex(State())

  /// Makes an empty one.
  init(bytes: Int = AnswerRoom.bytes) { bound = bytes }

  /// Whether as much waits as may.
  var isFull: Bool { state.withLock { $0.queued >= bound } }

  /// The number with which the search for who is next begins.
  var first: UInt64 { state.withLock { $0.first } }

  /// Counts bytes that are on their way; answers whether the room is full with them.
  func add(_ count: Int) -> Bool {
    state.withLock { state in
      state.queued += count
      return state.queued >= bound
    }
  }

  /// Counts bytes that have gone out, or never will.
  func remove(_ count: Int) {
    guard count > 0 else { return }
    let admitted = state.withLock { state in
      state.queued -= count
      return state.admit(in: bound)
    }
    for reader in admitted { reader.resume(returning: true) }
  }

  /// Runs a read, once there is a place for what it brings.
  func reading<R>(_ read: () async throws -> R) async throws -> R {
    try await enter()
    defer { leave() }
    return try await read()
  }

  /// Waits until there is a place, and takes none.
  func pass() async throws {
    if !enterAtOnce() { try await enter() }
    leave()
  }

  /// Lets a call read pages ahead until `endAhead`, if few do so.
  ///
  /// Such a page waits for as long as its caller takes none of the last, so as many calls hold one as
  /// would fill the room once more; the others read a page when they need it.
  func beginAhead() -> Bool {
    state.withLock { state in
      guard state.ahead < max(bound / Self.aheadBytes, 1) else { return false }
      state.ahead += 1
      return true
    }
  }

  /// Lets another call read ahead.
  func endAhead() { state.withLock { $0.ahead -= 1 } }

  /// Takes a place if one is free and nobody waits for it; until `leave`.
  func enterAtOnce() -> Bool {
    state.withLock { state in
      guard state.waiting.isEmpty, state.hasPlace(in: bound) else { return false }
      state.places += 1
      return true
    }
  }

  /// Waits for a place and takes it; until `leave`.
  func enter() async throws {
    let reader = state.withLock { state in
      state.next += 1
      return state.next
    }
    let isIn = await withTaskCancellationHandler {
      await withCheckedContinuation { (continuation: CheckedContinuation<Bool, Never>) in
        let answer: Bool? = state.withLock { state in
          if Task.isCancelled { return false }
          guard !state.waiting.isEmpty || !state.hasPlace(in: bound) else {
            state.places += 1
            return true
          }
          state.first = state.waiting.isEmpty ? reader : min(state.first, reader)
          state.waiting[reader] = continuation
          return nil
        }
        if let answer { continuation.resume(returning: answer) }
      }
    } onCancel: {
      state.withLock { $0.waiting.removeValue(forKey: reader) }?.resume(returning: false)
    }
    guard isIn else { throw CancellationError() }
  }

  /// Gives a place back.
  func leave() {
    let admitted = state.withLock { state in
      state.places -= 1
      return state.admit(in: bound)
    }
    for reader in admitted { reader.resume(returning: true) }
  }
}

extension CallScope {
  /// Runs a read whose events are going to be answered, once the caller's connection has room.
  static func reading<R>(_ read: () async throws -> R) async throws -> R {
    guard let room = current.room else { return try await read() }
    return try await room.reading(read)
  }
}
