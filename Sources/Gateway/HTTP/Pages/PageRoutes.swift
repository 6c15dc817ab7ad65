internal import HTTPTypes
internal import Hummingbird
internal import Schemas
internal import WeaveRuntime

/// The pages for people: what runs here, and what each problem means.
enum PageRoutes {
  static let all: [Route] = [
    Route(.get, "/", .open, landing),
    Route(.get, "/problems/{slug}", .open, problem),
  ]

  private static func problem(_ exchange: inout Exchange) async throws -> Response {
    let slug = exchange.parameter("slug")
    guard let kind = Problem.Kind.all.first(where: { $0.slug == slug }) else {
      throw Problem(.notFound)
    }
    return page(
      kind.title,
      """
      <p class="small">HTTP status \(kind.status) · <code>\(escaped(kind.type))</code></p>
      <p>\(escaped(kind.summary))</p>
      <p class="small"><a href="/">Back</a></p>
      """
    )
  }

  private static func landing(_ exchange: inout Exchange) async throws -> Response {
    var request = Wordweave_Posts_V1_ListPostsRequest()
    request.limit = 10
    request.status = .published
    let posts: [Wordweave_Posts_V1_Post]
    do {
      posts = try await exchange.core.upstreams.posts.list(
        request,
        metadata: exchange.callMetadata,
        options: Upstreams.options(timeout: .seconds(2))
      ).posts
    } catch {
      posts = []
    }
    let items = posts.map { post in
      """
      <li><a href="/v1/posts/\(escaped(post.postID))">\(escaped(post.title))</a>
      <span class="small">\(escaped(String(MomentText.text(post.publishedAt).prefix(10))))</span></li>
      """
    }.joined(separator: "\n")
    let origin = escaped(exchange.core.origin.text)
    return page(
      "WordWeave",
      """
      <p>An event-sourced content platform: every change is an event in one log, and all that you
      read is a projection of it.</p>
      <p><a href="/v1/posts">Posts</a> · <a href="/v1/tags">Tags</a> ·
      <a href="/metrics">Metrics</a> · <a href="/readyz">Readiness</a></p>
      <h2>Newest posts</h2>
      \(items.isEmpty ? "<p>Nothing is published yet.</p>" : "<ul>\(items)</ul>")
      <h2>First steps</h2>
      <pre>curl -s \(origin)/identity/sign-ups -H 'Content-Type: application/json' \\
        -d '{"username": "ada", "email": "ada@example.org", "password": "correct horse"}'
      TOKEN=…   # "token" of the answer; good for 60 s
      curl -si \(origin)/v1/posts -H "Authorization: Bearer $TOKEN" \\
        -H 'Content-Type: application/json' -d '{"title": "Tides", "body": "High and *low*."}'
      curl -s -X POST \(origin)/v1/posts/ID/publish -H "Authorization: Bearer $TOKEN"
      curl -s \(origin)/v1/posts</pre>
      """
    )
  }

  private static func page(_ title: String, _ body: String) -> Response {
    let html = """
      <!doctype html>
      <html lang="en"><head><meta charset="utf-8"><title>\(escaped(title))</title>
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <style>
      :root { color-scheme: light dark }
      body { font: 1rem/1.55 system-ui, sans-serif; max-width: 44rem; margin: 3rem auto;
        padding: 0 1rem; background: Canvas; color: CanvasText }
      h1 { letter-spacing: -0.02em } pre { overflow-x: auto; padding: 1rem; border-radius: .5rem;
        background: color-mix(in srgb, CanvasText 8%, Canvas) }
      .small { opacity: .7; font-size: .875rem }
      </style></head><body><main><h1>\(escaped(title))</h1>
      \(body)
      </main></body></html>

      """
    return Response(
      status: .ok,
      headers: [
        .contentType: "text/html; charset=utf-8", .cacheControl: "no-cache",
        .contentSecurityPolicy:
          "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
      ],
      body: .init(byteBuffer: ByteBuffer(string: html))
    )
  }

  /// Text as HTML shows it, in content and in quoted attributes.
  static func escaped(_ text: String) -> String {
    var result = ""
    for character in text {
      switch character {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      default: result.append(character)
      }
    }
    return result
  }
}
