internal import EventLogCore
internal import Gateway
internal import WeaveRuntime

/// Sends a plan and shows how it goes.
struct ImportRun {
  let client: AdminClient
  let report: ImportReport

  func run(_ plan: ImportPlan) async throws {
    let before = try await client.head() ?? 0
    var progress = Progress("Importing", on: report.console)
    let total = Int64(plan.commands.count)
    let outcome: ImportOutcome
    do {
      outcome = try await ImportSender(client: client).send(plan) { outcome in
        progress.show(ProgressState(done: Int64(outcome.answered), total: total))
      }
      progress.finish()
    } catch {
      progress.finish()
      throw stopped(error, total: plan.commands.count)
    }
    await untilShown(outcome.position)
    let after = try await client.head() ?? 0
    report.show(
      plan,
      outcome,
      events: after - before,
      elapsed: progress.elapsed,
      url: client.address.url
    )
    if !outcome.failures.isEmpty {
      throw CommandError(
        "importing",
        found: "\(outcome.failures.count) of \(plan.commands.count) commands failed",
        advice: "the rest is in the log; after the cause is gone, run the same command again"
      )
    }
  }

  // How long the end waits for the read models, and how often it looks. A projection that does not
  // get there by then is stopped or far behind, which `projections list` tells.
  private static let patience = Duration.seconds(30)
  private static let pace = Duration.milliseconds(50)

  /// Waits until what was imported is to be read: whoever is told where to look shall find it.
  private func untilShown(_ position: Int64) async {
    let end = ContinuousClock.now + Self.patience
    while ContinuousClock.now < end, !Task.isCancelled {
      let answer = try? await client.get("/v1/admin/projections")
      guard let projections = answer?["items"]?.items else { return }
      if projections.allSatisfy({ $0["applied"]?.integer ?? position >= position }) { return }
      try? await Task.sleep(for: Self.pace)
    }
  }

  private func stopped(_ stop: ImportStopped, total: Int) -> CommandError {
    let kept =
      "\(Figures.count(stop.outcome.answered)) of \(Figures.count(total)) commands are done"
    let cause = stop.cause as? CommandError
    let isInterrupt = stop.cause is CancellationError
    return CommandError(
      "importing",
      found: isInterrupt ? "stopped; \(kept)" : "\(cause?.description ?? "\(stop.cause)"); \(kept)",
      advice: "run the same command again: it goes on where this one stopped",
      code: isInterrupt ? .interrupted : cause?.code ?? .failure
    )
  }
}

/// What an import says at its end.
struct ImportReport {
  /// More findings of one kind than this are counted, not listed, on a terminal.
  private static let listed = 20

  let console: Console
  /// `revisions` or `files`.
  let inputName: String

  /// A plan that was not sent.
  func show(_ plan: ImportPlan) {
    if console.isJSON {
      return console.print(summary(plan, with: ["dryRun": .bool(true)]))
    }
    findings(plan)
    console.print(
      "\(Figures.count(plan.inputs)) \(inputName) would become \(Figures.count(plan.commands.count)) "
        + "commands: \(plan.users) users, \(plan.posts) posts; \(plan.unchanged) change nothing"
    )
  }

  func show(
    _ plan: ImportPlan,
    _ outcome: ImportOutcome,
    events: Int64,
    elapsed: Duration,
    url: String
  ) {
    let rate = Double(outcome.answered) / max(elapsed.inSeconds, 0.001)
    if console.isJSON {
      return console.print(
        summary(
          plan,
          with: [
            "done": .number(outcome.done), "repeats": .number(outcome.repeats),
            "failures": .array(outcome.failures.map(\.json)), "eventsAdded": .number(events),
            "position": .number(outcome.position),
            "seconds": .number(rounding: elapsed.inSeconds),
            "commandsPerSecond": .number(rounding: rate), "url": .string(url + "/v1/posts"),
          ]
        )
      )
    }
    findings(plan)
    failures(outcome)
    console.print(
      "\(Figures.count(plan.inputs)) \(inputName): \(plan.users) users, \(plan.posts) posts, "
        + "\(Figures.count(events)) events added, \(Figures.count(outcome.repeats)) repeats, "
        + "\(outcome.failures.count) failures, \(plan.findings.count) findings"
    )
    console.print(
      "\(Figures.count(outcome.answered)) commands in \(Figures.time(elapsed)), \(Figures.rate(rate))"
    )
    console.print("Look at \(url)/v1/posts")
  }

  private func summary(_ plan: ImportPlan, with more: JSONValue) -> JSONValue {
    let base: JSONValue = [
      "inputs": .number(plan.inputs), "users": .number(plan.users), "posts": .number(plan.posts),
      "commands": .number(plan.commands.count), "unchanged": .number(plan.unchanged),
      "findings": .array(plan.findings.map(\.json)),
    ]
    return .object((base.members ?? []) + (more.members ?? []))
  }

  private func findings(_ plan: ImportPlan) {
    guard !plan.findings.isEmpty else { return }
    var table = Table(
      .init(heading: "FINDING"),
      .init(heading: "COMMIT"),
      .init(heading: "FILE"),
      .init(heading: "DETAIL")
    )
    for kind in ImportFinding.Kind.allCases {
      let all = plan.findings.filter { $0.kind == kind }
      for finding in all.prefix(Self.listed) {
        table.add(kind.rawValue, finding.commit, finding.file, finding.detail)
      }
      if all.count > Self.listed {
        table.add(kind.rawValue, "", "", "and \(all.count - Self.listed) more; --json lists all")
      }
    }
    console.print(table)
    console.print("")
  }

  private func failures(_ outcome: ImportOutcome) {
    guard !outcome.failures.isEmpty else { return }
    var table = Table(
      .init(heading: "FAILED"),
      .init(heading: "POST"),
      .init(heading: "AT"),
      .init(heading: "ERROR")
    )
    for failure in outcome.failures.prefix(Self.listed) {
      let command = failure.command
      table.add(
        command.kind,
        command.post?.description ?? "",
        command.at.description,
        failure.error
      )
    }
    if outcome.failures.count > Self.listed {
      table.add("", "", "", "and \(outcome.failures.count - Self.listed) more; --json lists all")
    }
    console.print(table)
    console.print("")
  }
}
