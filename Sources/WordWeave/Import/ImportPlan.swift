/// What an import will send, and what it has to say about its input.
struct ImportPlan: Sendable {
  /// Accounts first, then posts in the order of their history.
  var commands: [ImportCommand] = []
  var findings: [ImportFinding] = []
  /// Accounts that the commands use.
  var users = 0
  /// Posts that the commands touch.
  var posts = 0
  /// Revisions or files that were read.
  var inputs = 0
  /// Revisions or files that change nothing that a post keeps.
  var unchanged = 0
}

extension ImportPlan {
  /// Cuts the commands into requests: bounded in number and bytes, and never two posts that ask
  /// for one address in one request, since posts of a request run side by side and the first to
  /// come takes it.
  func batches() -> [[ImportCommand]] {
    var batches: [[ImportCommand]] = []
    var batch: [ImportCommand] = []
    var bytes = 0
    var askers: [String: ImportCommand] = [:]
    for command in commands {
      let size = command.line.bytes.count + 1
      var meetsRival = false
      if case .editPost(let post, let changes) = command.action, let slug = changes.slug {
        meetsRival = askers[slug].map { $0.post != post } ?? false
      }
      if batch.count == ImportLimits.batchCommands || bytes + size > ImportLimits.batchBytes
        || meetsRival, !batch.isEmpty
      {
        batches.append(batch)
        batch = []
        bytes = 0
        askers = [:]
      }
      if case .editPost(_, let changes) = command.action, let slug = changes.slug {
        askers[slug] = command
      }
      batch.append(command)
      bytes += size
    }
    if !batch.isEmpty { batches.append(batch) }
    return batches
  }
}
