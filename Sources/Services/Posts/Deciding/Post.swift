package import EventLogCore
package import ServiceKit

/// A post: stream `post-<post id>`.
package enum Post: Decider {
  package enum Event: Hashable, Sendable {
    case drafted(id: String, owner: String, Content)
    case edited(ContentChange)
    case published(slug: String, former: String, at: Timestamp)
    case unpublished
    case deleted(reason: String, at: Timestamp)
    case restored
  }

  package enum Action: Hashable, Sendable {
    case create(id: String, Content)
    case edit(ContentChange)
    /// `at` is the date shown, for operators; `taken` are slugs of other posts; `suffix` is random.
    case publish(at: Timestamp?, taken: Set<String>, suffix: String)
    case unpublish
    case delete(reason: String)
    case restore
  }

  package struct Command: Hashable, Sendable {
    package var action: Action
    package var caller: Caller
    /// When it is decided.
    package var time: Timestamp

    package init(_ action: Action, by caller: Caller, at time: Timestamp) {
      self.action = action
      self.caller = caller
      self.time = time
    }
  }

  package enum Rejection: String, ExplainedRejection {
    case unknown = "not-found"
    case forbidden
    case alreadyExists = "already-exists"
    case deleted
    case restorePeriodOver = "restore-period-over"
  }

  /// How long a deleted post can be restored.
  package static let restorePeriod = Duration.seconds(30 * 86_400)

  package static var initial: PostState { PostState() }

  package static func evolve(_ state: inout PostState, with event: Event) {
    switch event {
    case .drafted(let id, let owner, let content):
      state.exists = true
      state.id = id
      state.owner = owner
      state.working = content
    case .edited(let change):
      state.working = change.applied(to: state.working)
      if let slug = change.slug { state.wantedSlug = slug == state.slug ? "" : slug }
    case .published(let slug, _, let time):
      state.shown = state.working
      state.slug = slug
      state.wantedSlug = ""
      if !state.slugs.contains(slug) { state.slugs.append(slug) }
      state.publishedAt = time
      state.shownAt = state.updatedAt
    case .unpublished: state.shown = nil
    case .deleted(_, let time): state.deletedAt = time
    case .restored: state.deletedAt = nil
    }
  }

  package static func decide(
    _ command: Command,
    given state: PostState
  ) throws(Rejection) -> [Event] {
    if case .create(let id, let content) = command.action {
      return try create(id, content, command.caller, given: state)
    }
    try authorize(command, given: state)
    switch command.action {
    case .create: return []
    case .edit(let change):
      guard state.deletedAt == nil else { throw .deleted }
      let change = change.without(
        state.working,
        slug: state.wantedSlug.isEmpty ? state.slug : state.wantedSlug
      )
      return change.members.isEmpty ? [] : [.edited(change)]
    case .publish(let date, let taken, let suffix):
      guard state.deletedAt == nil else { throw .deleted }
      let slug = chooseSlug(given: state, taken: taken, suffix: suffix)
      let published = date ?? state.publishedAt ?? command.time
      guard state.shown != state.working || slug != state.slug || published != state.publishedAt
      else { return [] }
      let former = slug == state.slug ? "" : state.slug
      return [.published(slug: slug, former: former, at: published)]
    case .unpublish:
      guard state.deletedAt == nil else { throw .deleted }
      return state.shown == nil ? [] : [.unpublished]
    case .delete(let reason):
      return state.deletedAt == nil ? [.deleted(reason: reason, at: command.time)] : []
    case .restore:
      guard let deleted = state.deletedAt else { return [] }
      guard command.time <= deleted.advanced(by: restorePeriod) else { throw .restorePeriodOver }
      return [.restored]
    }
  }

  /// The tag that no event of another post may bear: an address the post never had.
  package static func claims(of event: Event, given state: PostState) -> [Tag] {
    guard case .published(let slug, _, _) = event, !state.slugs.contains(slug) else { return [] }
    return [.slug(slug)]
  }

  private static func create(
    _ id: String,
    _ content: Content,
    _ caller: Caller,
    given state: PostState
  ) throws(Rejection) -> [Event] {
    guard let owner = caller.id else { throw .forbidden }
    guard state.exists else { return [.drafted(id: id, owner: owner, content)] }
    guard state.owner == owner, state.working == content else { throw .alreadyExists }
    return []
  }

  private static func authorize(
    _ command: Command,
    given state: PostState
  ) throws(Rejection) {
    guard state.exists, state.isVisible(to: command.caller) else { throw .unknown }
    let isAllowed =
      switch command.action {
      case .create: true
      case .edit, .publish, .unpublish: state.mayEdit(command.caller)
      case .delete, .restore: state.mayEdit(command.caller) || command.caller.isModerator
      }
    guard isAllowed else { throw .forbidden }
  }

  private static func chooseSlug(
    given state: PostState,
    taken: Set<String>,
    suffix: String
  ) -> String {
    if state.wantedSlug.isEmpty, !state.slug.isEmpty { return state.slug }
    var base = state.wantedSlug.isEmpty ? Slug.folded(state.working.title) : state.wantedSlug
    if base.isEmpty { base = String(state.id.prefix(Slug.idCharacters)) }
    return Slug.choose(base, suffix: suffix) { slug in
      taken.contains(slug) && !state.slugs.contains(slug)
    }
  }
}

extension Slug {
  /// Characters of the id that stands in for a title of which nothing is left.
  static let idCharacters = 13
}

extension Tag {
  /// What finds the post that ever had an address.
  package static func slug(_ slug: String) -> Tag { Tag("slug:" + slug) }
}

extension Post.Rejection {
  package var code: String { rawValue }
  package var reason: String {
    switch self {
    case .unknown: "There is no such post."
    case .forbidden: "Only its owner may do that."
    case .alreadyExists: "A post with this id exists already."
    case .deleted: "The post was deleted."
    case .restorePeriodOver: "The post was deleted too long ago to be restored."
    }
  }
  package var kind: RejectionKind {
    switch self {
    case .unknown: .notFound
    case .forbidden: .forbidden
    case .alreadyExists, .deleted, .restorePeriodOver: .notAllowed
    }
  }
}
