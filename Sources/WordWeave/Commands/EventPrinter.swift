internal import Gateway

/// Prints events as they come, so columns are fixed instead of fitted.
struct EventPrinter {
  let console: Console

  /// Prints an event.
  ///
  /// - Throws: `CommandError` if it was not taken: nobody may count it as shown.
  func show(_ event: JSONValue) throws {
    if console.isJSON { console.print(event) } else { console.print(line(of: event)) }
    try StandardOutput.process.check()
  }

  private func line(of event: JSONValue) -> String {
    let stream = event["stream"]?.text.map { "\($0)@\(event["revision"]?.cell ?? "")" } ?? "–"
    let head = [
      padLeft(event["position"]?.cell ?? "", 8),
      pad(String((event["recordedAt"]?.cell ?? "").prefix(19)), 19),
      pad(event["type"]?.cell ?? "", 16),
      pad(stream, 44),
    ].joined(separator: "  ")
    let line = DisplayText.harmless(head + "  " + (event["data"]?.serialized ?? ""))
    // Elsewhere a line may be long, but a post's whole body is of no use in a listing.
    return DisplayText.cut(line, to: console.width ?? 240)
  }

  private func pad(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - DisplayText.width(text)))
  }

  private func padLeft(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(0, width - DisplayText.width(text))) + text
  }
}
