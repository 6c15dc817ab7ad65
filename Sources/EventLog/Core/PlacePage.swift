/// One page of the positions at which events may match.
public struct PlacePage: Sendable {
  /// The positions, in the order of the read.
  public let positions: [GlobalPosition]
  /// How far the read looked: everything up to here, in its direction, was considered.
  public let scannedTo: GlobalPosition
  /// Whether there was nothing beyond this page at that moment.
  public let isEnd: Bool

  /// Makes a page.
  public init(positions: [GlobalPosition], scannedTo: GlobalPosition, isEnd: Bool) {
    self.positions = positions
    self.scannedTo = scannedTo
    self.isEnd = isEnd
  }
}

extension PlacePage {
  /// Where the events of a page stand.
  package init(_ page: EventPage) {
    self.init(
      positions: page.events.map(\.position),
      scannedTo: page.scannedTo,
      isEnd: page.isEnd
    )
  }
}
