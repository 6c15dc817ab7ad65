public import EventLogCore
public import MessagingCore
internal import Synchronization

/// How far the lanes of one projection have come, partition by partition.
///
/// Lanes and fillings tell it after each commit, never before: readers are promised what it says.
/// Lanes tell it over events the projection ignores and while idle too, or readers would wait for
/// ever. It never goes back.
public final class AppliedPosition: Sendable {
  /// Makes idle lanes tell a position at once, rather than with their next look at the head.
  public typealias Refresh = @Sendable (GlobalPosition) async throws -> Void

  private let partitions: Watched<[GlobalPosition]>
  private let refresh = Mutex<Refresh?>(nil)

  /// Starts with every partition at the beginning.
  public init(partitions count: Int = MessagingLimits.partitions) {
    partitions = Watched(Array(repeating: .start, count: count))
  }

  /// A partition has handled everything at or below `position`.
  public func advance(partition: Int, to position: GlobalPosition) {
    partitions.update { $0[partition] = max($0[partition], position) }
  }

  /// The lane has handled everything at or below `position`.
  public func advance(lane: LaneID, to position: GlobalPosition) {
    advance(partition: lane.partition, to: position)
  }

  /// Every partition has handled everything at or below `position`.
  public func advance(to position: GlobalPosition) {
    partitions.update { values in
      for index in values.indices { values[index] = max(values[index], position) }
    }
  }

  /// Names who is asked while somebody waits; nil for nobody.
  public func refreshed(by refresh: Refresh?) {
    self.refresh.withLock { $0 = refresh }
  }

  /// The least of all partitions.
  public var position: GlobalPosition { Self.least(partitions.value) }

  /// The position of one partition.
  public func position(ofPartition partition: Int) -> GlobalPosition {
    partitions.value[partition]
  }

  /// Waits until `floor` is reached, by one partition or by all; false if `patience` ran out.
  ///
  /// - Throws: `CancellationError`.
  public func wait(
    until floor: GlobalPosition,
    partition: Int? = nil,
    patience: Duration
  ) async throws -> Bool {
    let isReached: @Sendable ([GlobalPosition]) -> Bool = { values in
      (partition.map { values[$0] } ?? Self.least(values)) >= floor
    }
    if isReached(partitions.value) { return true }
    guard patience > .zero else { return false }
    guard let refresh = refresh.withLock({ $0 }) else {
      return try await partitions.wait(until: isReached, within: patience) != nil
    }
    return try await withThrowingTaskGroup(of: Void.self) { group in
      // Who cannot be asked is waited for all the same.
      group.addTask { try? await refresh(floor) }
      defer { group.cancelAll() }
      return try await partitions.wait(until: isReached, within: patience) != nil
    }
  }

  private static func least(_ values: [GlobalPosition]) -> GlobalPosition {
    values.min() ?? .start
  }
}
