internal import NIOCore
internal import WeaveRuntime

/// Runs tasks on a loop; one for each loop, so that jobs of all its connections are gathered.
final class LoopExecutor: GatheringExecutor {
  private let loop: any EventLoop

  init(_ loop: any EventLoop) { self.loop = loop }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    if let gathering = Gathering.current { return gathering.add(job, for: self) }
    enqueue([job])
  }

  func enqueue(_ jobs: [UnownedJob]) {
    loop.execute {
      for job in jobs { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
  }
}
