internal import EventLogCore
internal import Gateway

/// One command that an import sends: who does what, and when it really happened.
struct ImportCommand: Sendable, Equatable {
  enum Action: Sendable, Equatable {
    case registerUser(ImportAccount)
    case createPost(post: EventID, ImportContent)
    /// Absent members stay as they are.
    case editPost(post: EventID, ImportChanges)
    case publishPost(post: EventID, publishedAt: Timestamp)
    case unpublishPost(post: EventID)
    case deletePost(post: EventID)
    case restorePost(post: EventID)
  }

  let id: EventID
  let at: Timestamp
  let actor: String
  let action: Action
}

/// An account that an import makes.
struct ImportAccount: Sendable, Equatable {
  let userID: String
  let username: String
  let displayName: String
  let bio: String
}

/// What a post says.
struct ImportContent: Sendable, Equatable {
  var title: String
  var body: String
  var tags: [String]
  /// Account ids; empty stands for the owner alone.
  var byline: [String]
}

/// Members of a post that change.
struct ImportChanges: Sendable, Equatable {
  var title: String?
  var body: String?
  var tags: [String]?
  var byline: [String]?
  var slug: String?

  var isEmpty: Bool { self == ImportChanges() }

  /// What turns `old` into `new`.
  init(from old: ImportContent, to new: ImportContent) {
    if old.title != new.title { title = new.title }
    // Bytes, not canonical equivalence: the body is kept byte for byte.
    if !old.body.utf8.elementsEqual(new.body.utf8) { body = new.body }
    if old.tags != new.tags { tags = new.tags }
    if old.byline != new.byline { byline = new.byline }
  }

  init(slug: String? = nil) { self.slug = slug }
}

extension ImportCommand {
  /// The post that the command is about; nil for accounts.
  var post: EventID? {
    switch action {
    case .registerUser: nil
    case .createPost(let post, _), .editPost(let post, _), .publishPost(let post, _),
      .unpublishPost(let post), .deletePost(let post), .restorePost(let post):
      post
    }
  }

  /// The line that the gateway takes.
  var line: JSONValue {
    var members: [JSONValue.Member] = []
    func add(_ name: String, _ value: JSONValue?) {
      if let value { members.append(JSONValue.Member(name: name, value: value)) }
    }
    add("commandID", .string(id.description))
    add("at", .string(at.description))
    add("actor", .string(actor))
    add("kind", .string(kind))
    add("postID", post.map { .string($0.description) })
    switch action {
    case .registerUser(let account):
      add("userID", .string(account.userID))
      add("username", .string(account.username))
      add("displayName", .string(account.displayName))
      add("bio", .string(account.bio))
    case .createPost(_, let content):
      add("title", .string(content.title))
      add("body", .string(content.body))
      add("tags", .strings(content.tags))
      add("byline", .strings(content.byline))
    case .editPost(_, let changes):
      add("title", changes.title.map { .string($0) })
      add("body", changes.body.map { .string($0) })
      add("tags", changes.tags.map { .strings($0) })
      add("byline", changes.byline.map { .strings($0) })
      add("slug", changes.slug.map { .string($0) })
    case .publishPost(_, let publishedAt):
      add("publishedAt", .string(publishedAt.description))
    case .unpublishPost, .deletePost, .restorePost: break
    }
    return .object(members)
  }

  /// The command's name.
  var kind: String {
    switch action {
    case .registerUser: "registerUser"
    case .createPost: "createPost"
    case .editPost: "editPost"
    case .publishPost: "publishPost"
    case .unpublishPost: "unpublishPost"
    case .deletePost: "deletePost"
    case .restorePost: "restorePost"
    }
  }
}
