internal import Synchronization

/// How far work in this process is.
final class Reached: Sendable {
  private let done = Atomic<UInt64>(0)
  private let total: Atomic<UInt64>

  /// Starts at 0 of so many.
  init(of total: UInt64 = 0) { self.total = Atomic(total) }

  var value: UInt64 { done.load(ordering: .relaxed) }
  func set(_ value: UInt64) { done.store(value, ordering: .relaxed) }

  func set(_ value: UInt64, of total: UInt64) {
    self.total.store(total, ordering: .relaxed)
    set(value)
  }

  var state: ProgressState {
    let total = total.load(ordering: .relaxed)
    return ProgressState(
      done: Int64(clamping: value),
      total: total == 0 ? nil : Int64(clamping: total)
    )
  }
}

/// Work in this process whose progress is shown.
enum LocalWork {
  /// How often the progress is looked at.
  private static let pace = Duration.milliseconds(100)

  /// Runs `work` and shows how far it is until it ends.
  static func follow<R: Sendable, Failure: Error>(
    _ reached: Reached,
    label: String,
    on console: Console,
    _ work: () async throws(Failure) -> R
  ) async throws(Failure) -> R {
    let watch = Task {
      var progress = Progress(label, on: console)
      while !Task.isCancelled {
        progress.show(reached.state)
        try? await Task.sleep(for: pace)
      }
      progress.finish()
    }
    let result: Result<R, Failure>
    do throws(Failure) {
      result = .success(try await work())
    } catch {
      result = .failure(error)
    }
    watch.cancel()
    await watch.value
    return try result.get()
  }
}
