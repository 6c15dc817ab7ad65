/// What one side did in one round.
struct Sample: Sendable {
  /// How much was done: events, rows, requests.
  var amount: Int
  /// How long it took.
  var elapsed: Duration
  /// How long each call took, in microseconds; empty where calls are not told apart.
  var latencies: [Double] = []

  var rate: Double { Double(amount) / elapsed.inMicroseconds * 1_000_000 }
}

/// One side of a comparison over all rounds.
struct Outcome: Sendable {
  let samples: [Sample]

  /// The median of the rounds.
  var rate: Double { Percentiles(samples.map(\.rate)).median }
  /// The slowest and the fastest round.
  var span: (least: Double, most: Double) {
    let rates = samples.map(\.rate)
    return (rates.min() ?? 0, rates.max() ?? 0)
  }
  /// Of all calls of all rounds.
  var latencies: Percentiles { Percentiles(samples.flatMap(\.latencies)) }
}

/// Lets two sides take turns (A B A B …), so that a machine that grows slower hurts both alike.
func alternate(
  _ rounds: Int,
  _ ours: (Int) async throws -> Sample,
  against yardstick: (Int) async throws -> Sample
) async throws -> (ours: Outcome, yardstick: Outcome) {
  var (left, right): ([Sample], [Sample]) = ([], [])
  for round in 0..<rounds {
    left.append(try await ours(round))
    right.append(try await yardstick(round))
  }
  return (Outcome(samples: left), Outcome(samples: right))
}

/// How long `body` takes, and what it answers.
func timed<R>(_ body: () async throws -> R) async rethrows -> (elapsed: Duration, result: R) {
  let clock = ContinuousClock()
  let began = clock.now
  let result = try await body()
  return (clock.now - began, result)
}

extension Duration {
  var inMicroseconds: Double {
    Double(components.seconds) * 1_000_000 + Double(components.attoseconds) / 1_000_000_000_000
  }
}
