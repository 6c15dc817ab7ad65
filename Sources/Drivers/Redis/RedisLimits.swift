/// What the driver sends, takes and keeps waiting at most.
public enum RedisLimits {
  /// Bytes of one argument or one answer: what a cache on the network moves in milliseconds.
  public static let valueBytes = 1 << 20
  /// Arguments of one command; ours have a handful.
  public static let arguments = 16
  /// Bytes that frame an answer beside its value: `$`, a length and two line ends.
  public static let frameBytes = 64
  /// Requests that wait or are under way; one more is refused at once instead of waiting long.
  public static let queuedRequests = 256
  /// Requests sent together: enough to fill a packet many times, few enough for one time limit.
  public static let turnRequests = 64
}
