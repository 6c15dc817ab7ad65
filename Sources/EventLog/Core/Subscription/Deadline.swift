/// Runs an operation for at most `limit`; nil if it was cancelled because the time was over.
///
/// `onExpiry` is called at the limit, before the operation had a chance to notice, so that even
/// one that ignores cancellation is told about.
func deadline<Value: Sendable>(
  _ limit: Duration,
  onExpiry: @Sendable @escaping () -> Void = {},
  operation: @Sendable @escaping () async throws(EventLogError) -> Value
) async throws(EventLogError) -> Value? {
  // Nil stands for the end of the time.
  let outcome = await withTaskGroup(of: Result<Value, EventLogError>?.self) { group in
    group.addTask {
      do throws(EventLogError) {
        return .success(try await operation())
      } catch {
        return .failure(error)
      }
    }
    group.addTask {
      do {
        try await Task.sleep(for: limit)
        onExpiry()
      } catch {
        // The operation was faster, or the caller was cancelled: nothing expired.
      }
      return nil
    }
    var outcome: Result<Value, EventLogError>?
    for await next in group {
      group.cancelAll()
      if let next { outcome = next }
    }
    return outcome
  }
  switch outcome {
  case .success(let value): return value
  case .failure(.cancelled) where !Task.isCancelled: return nil
  case .failure(let error): throw error
  case nil: return nil
  }
}
