/// Bounds of replays, each with its reason.
enum ReplayLimits {
  /// Replays that run at once: each holds a read model in memory and reads the log beside everybody
  /// else.
  static let running = 4
  /// Replays that are remembered after their end; a listing stays short enough to be read.
  static let remembered = 100
}
