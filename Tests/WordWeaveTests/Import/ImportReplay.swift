import EventLogCore
import Testing

@testable import WordWeave

/// Carries planned commands out in memory, as the services would, and refuses what they refuse.
struct ImportReplay {
  struct Post: Equatable {
    let owner: String
    var working: ImportContent
    var shown: ImportContent?
    var askedSlug = ""
    var publishedAt: Timestamp?
    var isDeleted = false
    var events = 1

    var authors: [String] {
      let byline = shown?.byline ?? []
      return byline.isEmpty ? [owner] : byline
    }
  }

  struct Refused: Error { let command: ImportCommand }

  private(set) var users: [String: ImportAccount] = [:]
  private(set) var posts: [EventID: Post] = [:]
  private var seen: Set<EventID> = []
  private(set) var repeats = 0

  mutating func run(_ commands: [ImportCommand]) throws {
    for command in commands {
      guard seen.insert(command.id).inserted else {
        repeats += 1
        continue
      }
      try apply(command)
    }
  }

  private mutating func apply(_ command: ImportCommand) throws {
    func change(_ id: EventID, _ body: (inout Post) -> Bool) throws {
      guard var post = posts[id], users[command.actor] != nil, body(&post) else {
        throw Refused(command: command)
      }
      post.events += 1
      posts[id] = post
    }
    switch command.action {
    case .registerUser(let account):
      let names = Set(users.values.map { $0.username.lowercased() })
      guard users[account.userID] == nil, !names.contains(account.username.lowercased()) else {
        throw Refused(command: command)
      }
      users[account.userID] = account
    case .createPost(let id, let content):
      guard posts[id] == nil, users[command.actor] != nil else { throw Refused(command: command) }
      posts[id] = Post(owner: command.actor, working: content)
    case .editPost(let id, let changes):
      try change(id) { post in
        guard !post.isDeleted, !changes.isEmpty else { return false }
        if let title = changes.title { post.working.title = title }
        if let body = changes.body { post.working.body = body }
        if let tags = changes.tags { post.working.tags = tags }
        if let byline = changes.byline { post.working.byline = byline }
        if let slug = changes.slug { post.askedSlug = slug }
        return true
      }
    case .publishPost(let id, let publishedAt):
      try change(id) { post in
        post.shown = post.working
        post.publishedAt = publishedAt
        return !post.isDeleted
      }
    case .unpublishPost(let id):
      try change(id) { post in
        defer { post.shown = nil }
        return post.shown != nil
      }
    case .deletePost(let id):
      try change(id) { post in
        defer { post.isDeleted = true }
        return !post.isDeleted
      }
    case .restorePost(let id):
      try change(id) { post in
        defer { post.isDeleted = false }
        return post.isDeleted
      }
    }
  }
}
