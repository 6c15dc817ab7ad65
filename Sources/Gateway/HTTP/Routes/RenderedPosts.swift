internal import NIOCore
internal import Schemas
internal import Synchronization

/// Posts that were rendered lately, with the message that each was rendered from.
///
/// Rendering follows from the message alone, so an equal message has equal bytes. Comparing is cheap:
/// the services hand out texts of one document again and again, and texts that share their storage
/// are equal at a glance.
final class RenderedPosts: Sendable {
  /// Posts that are kept: with the largest body that is kept, 8 MiB of answers.
  private static let capacity = 256
  /// A post with a longer body is rendered each time; its answer takes long to send anyway.
  private static let bodyBytes = 32 << 10

  private struct Rendered {
    let post: Wordweave_Posts_V1_Post
    let json: ByteBuffer
  }

  private let kept = Mutex(GenerationCache<String, Rendered>(capacity: capacity))

  /// The post as JSON with its body.
  func json(_ post: Wordweave_Posts_V1_Post) -> ByteBuffer {
    if let rendered = kept.withLock({ $0[post.postID] }), rendered.post == post {
      return rendered.json
    }
    let body = post.body.utf8.count
    var writer = JSONWriter(capacity: body + body / 16 + 1024)
    writer.post(post, includesBody: true)
    let json = writer.buffer
    if body <= Self.bodyBytes {
      kept.withLock { $0[post.postID] = Rendered(post: post, json: json) }
    }
    return json
  }
}
