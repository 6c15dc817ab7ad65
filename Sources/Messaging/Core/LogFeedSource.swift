public import EventLogCore
internal import Synchronization

/// Reads a feed's truth from an event log.
///
/// Catch-up reads of all lanes of a process share pages (`SharedPages`), and the relay offers the
/// tails that it folds anyway, so that a probe of a live log reads nothing.
public final class LogFeedSource: FeedSource {
  private let log: any EventLogEngine
  private let known = Mutex<Tails?>(nil)
  private let pages: SharedPages

  /// Reads from `log`.
  public init(_ log: any EventLogEngine) {
    self.log = log
    pages = SharedPages(log)
  }

  /// Which log it reads.
  public var identity: LogIdentity { log.identity }

  /// The head, at least `atLeast`, and the tails up to it.
  public func tails(atLeast: GlobalPosition?) async throws(FeedError) -> Tails {
    do throws(EventLogError) {
      let beyond = atLeast.flatMap { $0 > .start ? GlobalPosition($0.number - 1) : nil }
      let head = try await log.head(beyond: beyond)
      var tails = known.withLock { known in
        let tails = known ?? Tails(at: head)
        known = tails
        return tails
      }
      while tails.head < head {
        let page = try await log.readAll(
          after: tails.head,
          matching: .all,
          direction: .forward,
          limit: MessagingLimits.catchUpPageEvents,
          includeRemoved: true
        )
        for event in page.events { _ = tails.fold(RoutingKey(of: event), at: event.position) }
        tails.advance(to: page.scannedTo)
        tails = offer(tails)
      }
      return tails
    } catch {
      throw FeedError(error)
    }
  }

  /// Takes over tails that somebody folded already and answers the furthest known.
  @discardableResult
  package func offer(_ tails: Tails) -> Tails {
    known.withLock { known in
      guard let mine = known, mine.head >= tails.head else {
        known = tails
        return tails
      }
      return mine
    }
  }

  /// The events of some categories of a partition after a position, in order.
  public func read(
    _ categories: Set<Category>,
    partition: Int,
    after: GlobalPosition,
    through: GlobalPosition
  ) async throws(FeedError) -> FeedPage {
    do throws(EventLogError) {
      let page = try await pages.page(after: after, through: through)
      var events: [KeyedEvent] = []
      for keyed in page.lanes[partition]
      where keyed.event.position > after && categories.contains(keyed.category) {
        events.append(keyed)
      }
      return FeedPage(events: events, scannedTo: max(after, page.scannedTo))
    } catch {
      throw FeedError(error)
    }
  }

  /// The next events of a stream.
  public func read(
    _ stream: StreamName,
    from: StreamRevision,
    limit: Int
  ) async throws(FeedError) -> [RecordedEvent] {
    do throws(EventLogError) {
      return try await log.read(stream, from: from, direction: .forward, limit: limit).events
    } catch {
      // Nothing is left of a tombstoned stream, so nothing waits behind its failed event.
      if case .streamTombstoned = error { return [] }
      throw FeedError(error)
    }
  }

  /// The event at a position.
  public func event(at position: GlobalPosition) async throws(FeedError) -> RecordedEvent? {
    guard position > .start else { return nil }
    do throws(EventLogError) {
      let page = try await log.readAll(
        after: GlobalPosition(position.number - 1),
        matching: .all,
        direction: .forward,
        limit: 1,
        includeRemoved: false
      )
      return page.events.first { $0.position == position }
    } catch {
      throw FeedError(error)
    }
  }

  /// Lets go of shared pages that nobody asked for since the last call.
  package func cool() async { await pages.cool() }
}
