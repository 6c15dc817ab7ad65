internal import Crypto
public import EventLogCore

/// How the states of a decider are written into snapshots and read from them.
///
/// - Shape: `decode(encode(state)) == state` for every state that is encoded.
public protocol StateCodec: Sendable {
  /// Whose states.
  associatedtype D: Decider
  /// The decider's name among all of the installation: `users.account`.
  static var name: String { get }
  /// To be raised when the fold changes in a way that `specimen` does not show.
  static var version: UInt32 { get }
  /// A history that has every kind of event; what it folds to, written down, is part of the
  /// version, so that another fold or form never meets the snapshots of this one.
  static var specimen: [D.Event] { get }
  /// The stored form of a state; nil for one that cannot be kept.
  static func encode(_ state: D.State) throws -> [UInt8]?
  /// The state of a stored form.
  static func decode(_ bytes: [UInt8]) throws -> D.State
}

extension StateCodec where D.State: MomentTaking {
  /// The name, and a digest of what the decider makes of the specimen, event by event.
  public static func shape() throws -> StateShape {
    var hash = SHA256()
    func feed(_ bytes: [UInt8]) { bytes.withUnsafeBytes { hash.update(bufferPointer: $0) } }
    feed(Array("\(version)".utf8))
    var state = D.initial
    for (index, event) in specimen.enumerated() {
      let revision = StreamRevision(UInt64(index))
      // Some moment, another for each event.
      let time = Timestamp(microseconds: Int64(index + 1) * 1_000_000)
      state.enter(StreamMoment(time: time, revision: revision))
      D.evolve(&state, with: event)
      let bytes = try encode(state) ?? []
      feed(Array("\(bytes.count):".utf8))
      feed(bytes)
    }
    var digest: UInt64 = 0
    for byte in hash.finalize().prefix(8) { digest = digest << 8 | UInt64(byte) }
    return StateShape(name: name, version: digest)
  }
}
