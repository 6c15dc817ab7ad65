/// What `Prefer` asks for (RFC 7240); only `wait` is known here.
package enum Preference {
  /// Seconds to wait, cut at the maximum; nil if not asked for or not a number.
  package static func wait(_ values: [String]) -> Int? {
    for item in values.joined(separator: ",").split(separator: ",") {
      let parts = item.split(separator: ";")[0].split(
        separator: "=",
        maxSplits: 1,
        omittingEmptySubsequences: false
      )
      guard parts.count == 2, String(parts[0]).trimmed.lowercased() == "wait" else { continue }
      let number = String(parts[1]).trimmed.filter { $0 != "\"" }
      guard let seconds = Int(number), seconds >= 0 else { return nil }
      return min(seconds, GatewayLimits.patienceMaximum)
    }
    return nil
  }
}
