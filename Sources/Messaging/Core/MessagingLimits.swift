/// Every number of feeds, lanes and parking, with its reason.
public enum MessagingLimits {
  /// Partitions of a feed: more lanes than cores of usual machines, few enough to probe all.
  public static let partitions = 16
  /// The routing epoch as long as the number of partitions never changed.
  public static let firstRoutingEpoch = 1
  /// Events the relay reads at once.
  public static let relayPageEvents = 500
  /// Messages in flight; more gave no more speed on a broker, fewer cost a quarter.
  public static let relayWindow = 256
  /// Behind by more, the relay leaves the range to the lanes, who read it in bulk.
  public static let relayFarBehind: UInt64 = 20_000
  /// Where the relay goes on after such a leap, counted back from the head.
  public static let relayLeapDistance: UInt64 = 1_000
  /// Messages a lane keeps; beyond, the oldest go and the log gives them back.
  public static let laneBuffer = 1_000
  /// Events of one transaction: enough to share its cost, few enough to roll back.
  public static let batchEvents = 100
  /// How long one transaction takes further events, so that readers see them soon.
  public static let batchTime = Duration.milliseconds(5)
  /// Events one catch-up read looks at, at most and at least; lanes share these pages.
  public static let catchUpPageEvents = 1_000
  /// A small hole is read with what follows it, because that is wanted next.
  public static let catchUpPageLeast = 64
  /// Pages kept for the other lanes: how far lanes may drift apart and still share a scan.
  public static let sharedPages = 8
  /// Behind by more at the start, a handler is filled in bulk where it has a way to.
  public static let bulkDistance: UInt64 = 10_000
  /// How often the tails are asked for, ± `probeJitter`: bounds how long a lost last message hides.
  public static let probeInterval = Duration.seconds(1)
  /// The share of the interval by which probes vary, so that processes do not ask in step.
  public static let probeJitter = 0.2
  /// How long a floor that moved without an effect may stay in memory alone.
  public static let idleCheckpoint = Duration.seconds(30)
  /// The first wait between tries in memory.
  public static let retryBase = Duration.milliseconds(20)
  /// The longest wait between tries in memory.
  public static let retryCap = Duration.milliseconds(200)
  /// All waits of one event in memory: the most a bad stream costs its partition.
  public static let retryBudget = Duration.milliseconds(250)
  /// The first wait before a parked stream is tried again.
  public static let redriveBase = Duration.seconds(1)
  /// The longest wait before a parked stream is tried again.
  public static let redriveCap = Duration.seconds(300)
  /// Events of a parked stream that are read at once.
  public static let redrivePageEvents = 100
  /// Batches of live work between two redriven events: redrive gets a tenth of a busy lane.
  public static let redriveShare = 9
  /// Parked streams of one lane; at the bound the lane pauses, nothing is evicted.
  public static let parkedPerLane = 1_000
  /// Parked streams of one handler.
  public static let parkedPerHandler = 10_000
  /// A lane paused at a bound goes on below this share of it.
  public static let parkedResume = 0.9
  /// Bytes of an error's text in a parked stream's row.
  public static let errorBytes = 8 << 10
  /// The first wait after an outage.
  public static let outageBase = Duration.seconds(1)
  /// The longest wait after an outage.
  public static let outageCap = Duration.seconds(30)
  /// Events of the batches after an outage, one after another, before full batches again.
  public static let outageRamp = [1, 1, 2, 5]
}
