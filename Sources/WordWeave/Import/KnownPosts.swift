internal import EventLogCore
internal import Gateway

/// Asks the system which of the files it has as posts: by the id that follows from the file's name,
/// else by the address, which a post that was renamed before keeps.
struct KnownPosts {
  let client: AdminClient
  let identity: ImportIdentity

  func find(_ files: [MarkdownPlanner.File]) async throws -> [String: MarkdownPlanner.Known] {
    var known: [String: MarkdownPlanner.Known] = [:]
    for file in files {
      let id = identity.post(firstFile: file.name, generation: 1)
      let slug = FileNames.slug(file.name)
      var post = try await client.find("/v1/posts/\(id)")
      if post == nil, !slug.isEmpty {
        post = try await client.find("/v1/posts/by-slug/\(slug)")
      }
      known[file.name] = post.flatMap { Self.read($0, askedSlug: slug) }
    }
    return known
  }

  /// Reads a post as the gateway shows it.
  static func read(_ json: JSONValue, askedSlug: String) -> MarkdownPlanner.Known? {
    guard let id = json["id"]?.text.flatMap({ EventID($0) }), let owner = json["ownerId"]?.text
    else { return nil }
    let byline = (json["byline"]?.items ?? []).compactMap(\.text)
    let status = json["status"]?.text
    let post = PlannedPost(
      id: id,
      owner: owner,
      content: ImportContent(
        title: json["title"]?.text ?? "",
        body: json["body"]?.text ?? "",
        tags: (json["tags"]?.items ?? []).compactMap(\.text),
        byline: byline == [owner] ? [] : byline
      ),
      // An address with a number behind (`name-2`) was given because the one asked for was taken:
      // asking again would change nothing.
      slug: json["slug"]?.text.map { $0.hasPrefix(askedSlug) ? askedSlug : $0 } ?? "",
      publishedAt: json["publishedAt"]?.text.flatMap { Timestamp($0) },
      isPublished: status == "published",
      isDeleted: status == "deleted"
    )
    return MarkdownPlanner.Known(post: post, revision: json["revision"]?.integer ?? 0)
  }
}
