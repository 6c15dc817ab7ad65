/// The first word of a stream's name: what a handler asks for.
public struct Category: Hashable, Sendable, Comparable, CustomStringConvertible,
  ExpressibleByStringLiteral
{
  /// The category as text: `[A-Za-z0-9_]{1,64}`, or `x_` and 16 hex digits, or `none`.
  public let text: String
  /// Makes a category of a literal.
  public init(stringLiteral text: String) { self.text = text }
  /// Makes a category of text that is known to be one.
  public init(_ text: String) { self.text = text }
  /// The category as text.
  public var description: String { text }
  /// Orders by bytes.
  public static func < (left: Category, right: Category) -> Bool { left.text < right.text }
}

/// Where a message goes: a function of the stream's name and the routing epoch alone.
///
/// The event's type is never part of it: a stream would spread over several keys, and a hole in
/// one would let a later event of that stream pass.
public struct RoutingKey: Hashable, Sendable, CustomStringConvertible {
  /// Counts from 1; grows when the number of partitions changes.
  public let epoch: Int
  /// The stream's category.
  public let category: Category
  /// The stream's partition, from 0.
  public let partition: Int

  /// Makes a key.
  public init(epoch: Int, category: Category, partition: Int) {
    self.epoch = epoch
    self.category = category
    self.partition = partition
  }

  /// The key as brokers see it: `e1.post.p07`.
  public var description: String {
    "e\(epoch).\(category).p" + (partition < 10 ? "0" : "") + String(partition)
  }
}
