internal import WeaveRuntime

/// How figures are shown to people.
enum Figures {
  /// `1,234,567`.
  static func count(_ value: some BinaryInteger) -> String {
    let digits = String(value.magnitude)
    var shown = ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index).isMultiple(of: 3) { shown.append(",") }
      shown.append(digit)
    }
    return value < 0 ? "-" + shown : shown
  }

  /// `950 B`, `12.3 MiB`.
  static func bytes(_ value: some BinaryInteger) -> String {
    var size = Double(value)
    var unit = 0
    let units = ["B", "KiB", "MiB", "GiB", "TiB"]
    while size >= 1024, unit < units.count - 1 {
      size /= 1024
      unit += 1
    }
    return unit == 0 ? "\(value) B" : "\(oneDigit(size)) \(units[unit])"
  }

  /// `0.4 s`, `12 s`, `3:05`, `2:03:05`.
  static func time(_ duration: Duration) -> String {
    let seconds = max(0, duration.inSeconds)
    if seconds < 10 { return "\(oneDigit(seconds)) s" }
    let whole = Int(min(seconds, 1e9).rounded())
    if whole < 60 { return "\(whole) s" }
    func pad(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
    let (minutes, rest) = (whole / 60, pad(whole % 60))
    return minutes < 60
      ? "\(minutes):\(rest)" : "\(minutes / 60):\(pad(minutes % 60)):\(rest)"
  }

  /// `840 µs`, `1.2 ms`, `2.5 s`.
  static func latency(_ duration: Duration) -> String {
    let microseconds = duration.inSeconds * 1_000_000
    if microseconds < 1000 { return "\(Int(microseconds.rounded())) µs" }
    if microseconds < 1_000_000 { return "\(oneDigit(microseconds / 1000)) ms" }
    return "\(oneDigit(microseconds / 1_000_000)) s"
  }

  /// `1,234/s`; below ten with one digit after the point.
  static func rate(_ perSecond: Double) -> String {
    guard perSecond.isFinite, perSecond >= 0, perSecond < 1e15 else { return "–" }
    return perSecond < 10 ? "\(oneDigit(perSecond))/s" : "\(count(Int(perSecond.rounded())))/s"
  }

  static func oneDigit(_ value: Double) -> String {
    let tenths = Int64((value * 10).rounded())
    return "\(tenths / 10).\(abs(tenths % 10))"
  }
}
