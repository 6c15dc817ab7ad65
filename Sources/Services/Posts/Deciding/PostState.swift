package import EventLogCore
package import ServiceKit

/// What a post's events add up to.
package struct PostState: Hashable, Sendable {
  package var exists = false
  package var id = ""
  package var owner = ""
  /// What the owner edits.
  package var working = Content()
  /// What readers see, the deletion left aside; nil for nothing.
  package var shown: Content?
  package var slug = ""
  /// Every address the post ever had, the first one first.
  package var slugs: [String] = []
  /// The address asked for and not yet taken.
  package var wantedSlug = ""
  package var publishedAt: Timestamp?
  package var deletedAt: Timestamp?
  package var createdAt = Timestamp(microseconds: 0)
  package var updatedAt = Timestamp(microseconds: 0)
  /// When readers last got to see something new.
  package var shownAt = Timestamp(microseconds: 0)
  package var revision = StreamRevision.first

  package init() {}

  /// Whether everybody may read it.
  package var isPublic: Bool { exists && shown != nil && deletedAt == nil }
  /// Whether it was published at some time, so that its existence is no secret.
  package var wasPublic: Bool { !slugs.isEmpty }
  /// Whether the working copy differs from what readers see.
  package var hasUnpublishedChanges: Bool {
    guard let shown else { return false }
    return shown != working || !wantedSlug.isEmpty
  }

  /// Whether a caller may change it: its owner, administrators and operators.
  package func mayEdit(_ caller: Caller) -> Bool { caller.id == owner || caller.isPrivileged }
  /// Whether a caller may read its working copy and history.
  package func mayReadHistory(_ caller: Caller) -> Bool { mayEdit(caller) || caller.isModerator }
  /// Whether a caller may know that it exists.
  package func isVisible(to caller: Caller) -> Bool { isPublic || mayReadHistory(caller) }
}

extension PostState: MomentTaking {
  package mutating func enter(_ moment: StreamMoment) {
    if exists {
      // Each change shows another time, though two fall on one tick of the clock.
      updatedAt = max(moment.time, Timestamp(microseconds: updatedAt.microseconds + 1))
    } else {
      createdAt = moment.time
      updatedAt = moment.time
    }
    revision = moment.revision
  }
}
