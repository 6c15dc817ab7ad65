import EventLogCore
import MessagingConformance
import MessagingCore
import Testing

@Suite struct RoutingTests {
  @Test(arguments: [("post-1", 0), ("post-2", 14), ("user-42", 13), ("comment-018f3c1e", 2)])
  func partitionsNeverMove(stream: String, partition: Int) {
    #expect(Partition.of(StreamName(stream)) == partition)
  }

  @Test(arguments: [
    ("post-1", "post"), ("user", "user"), ("A_9-x-y", "A_9"),
    ("-1", "x_"), ("bl\u{f6}g-1", "x_"), ("$$post-1", "x_"),
    (String(repeating: "a", count: 64) + "-1", String(repeating: "a", count: 64)),
    (String(repeating: "a", count: 65) + "-1", "x_"),
  ])
  func categoryIsTheFirstWordOrADigest(stream: String, category: String) {
    let found = Category(of: StreamName(stream)).text
    if category.hasPrefix("x_") {
      #expect(found.hasPrefix("x_"))
      #expect(found.utf8.count == 18)
    } else {
      #expect(found == category)
    }
  }

  @Test func keysReadAsBrokersSeeThem() {
    #expect(RoutingKey(epoch: 1, category: "post", partition: 7).description == "e1.post.p07")
    #expect(RoutingKey(epoch: 2, category: "post", partition: 14).description == "e2.post.p14")
  }

  @Test func eventsWithoutAStreamAreKeyedByTheirIds() {
    var partitions: Set<Int> = []
    for number in 1...200 as ClosedRange<UInt64> {
      let event = ModelEvents.event(at: GlobalPosition(number), in: nil)
      let key = RoutingKey(of: event)
      #expect(key.category == .none)
      #expect(key.partition == Partition.of(StreamName(event.id.description)))
      partitions.insert(key.partition)
    }
    #expect(partitions.count == MessagingLimits.partitions)
  }
}
