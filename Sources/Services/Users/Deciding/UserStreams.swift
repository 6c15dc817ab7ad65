package import EventLogCore

/// The names of the service's streams.
package enum UserStreams {
  /// An account's.
  package static func account(_ id: String) -> StreamName { StreamName("user-" + id) }
  /// A follow's.
  package static func follow(_ follower: String, _ followee: String) -> StreamName {
    StreamName("follow-" + follower + "." + followee)
  }
}
