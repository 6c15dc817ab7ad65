internal import EventLogCore
internal import MessagingCore

/// One page of the log, split for the workers of a filling.
struct FillPage: Sendable {
  /// One event that concerns the projection.
  struct Item: Sendable {
    let event: RecordedEvent
    let partition: Int
  }

  /// The items of each worker, in position order.
  var shares: [[Item]]
  /// Everything up to here was looked at.
  var scannedTo: GlobalPosition
  var head: GlobalPosition
  var isEnd: Bool
  /// What the log was once the page was read: positions are kept as those of this epoch.
  var log: LogIdentity

  /// Reads the page after a position.
  ///
  /// Whoever applies another page meanwhile loses no time.
  static func read(
    after: GlobalPosition,
    through: GlobalPosition,
    of handler: FillTarget,
    from log: any EventLogEngine,
    workers: Int,
    limit: Int = FillLimits.pageEvents
  ) async throws -> FillPage {
    let page = try await log.readAll(
      after: after,
      matching: handler.query,
      limit: limit
    )
    var shares = Array(repeating: [Item](), count: workers)
    for index in shares.indices {
      shares[index].reserveCapacity(page.events.count / workers + 64)
    }
    for event in page.events {
      guard event.position <= through else { break }
      let partition: Int
      if let categories = handler.categories {
        let category: Category
        (category, partition) = FillPage.place(of: event)
        guard categories.contains(category),
          event.position > handler.marks[partition].mark(of: category)
        else { continue }
      } else {
        partition = Partition.of(event)
        guard event.position > handler.marks[partition].floor else { continue }
      }
      shares[partition % workers].append(Item(event: event, partition: partition))
    }
    let isEnd = page.isEnd || page.scannedTo >= through
    return FillPage(
      shares: shares,
      // At the end of the log everything up to its head was looked at.
      scannedTo: min(page.isEnd ? max(page.scannedTo, page.head) : page.scannedTo, through),
      head: page.head,
      isEnd: isEnd,
      log: log.identity
    )
  }

  private static func place(of event: RecordedEvent) -> (Category, Int) {
    guard let stream = event.stream else { return (.none, Partition.of(event)) }
    return (Category(of: stream), Partition.of(stream))
  }
}

/// What a filling asks of the log, and what its generation has already.
struct FillTarget: Sendable {
  /// Nil takes every stream.
  let categories: Set<Category>?
  let query: EventQuery
  /// The checkpoint of each partition when the filling began.
  let marks: [Checkpoint]
}
