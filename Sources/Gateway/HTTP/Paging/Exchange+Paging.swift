internal import HTTPTypes
package import Hummingbird

/// What a list was asked for.
package struct PageRequest: Sendable {
  /// How many items.
  package let limit: UInt32
  /// Where the last page ended; empty for the first.
  package let after: [UInt8]
  let filters: String
}

extension Exchange {
  /// Reads `limit` and `cursor`; a cursor is good only for the path and the parameters it was made
  /// under.
  package func page() throws(Problem) -> PageRequest {
    let limit: UInt32 =
      try query.number("limit", 1...UInt32(GatewayLimits.pageMaximum)) ?? UInt32(GatewayLimits.page)
    let filters = filterText
    let after: [UInt8]
    if let cursor = try query.value("cursor") {
      after = try core.cursors.place(cursor, filters: filters)
    } else {
      after = []
    }
    return PageRequest(limit: limit, after: after, filters: filters)
  }

  private var filterText: String {
    let kept = query.items.filter { $0.name != "cursor" && $0.name != "limit" }
      .map { "\($0.name.utf8.count):\($0.name)=\($0.value)" }.sorted()
    // The subject too: lists of the caller's own must not be walked on with another's cursor.
    return ([String(path), principal?.subject ?? ""] + kept).joined(separator: "\n")
  }

  /// `{"items": […], "next": …}` with Link fields on the public origin.
  package func list<Item>(
    _ items: [Item],
    next: some Sequence<UInt8>,
    of page: PageRequest,
    _ write: (inout JSONWriter, Item) -> Void
  ) throws(Problem) -> Response {
    let (cursor, links) = links(next: next, of: page)
    return try json(
      headers: [.link: links],
      capacity: 256 + 512 * items.count
    ) { (writer) throws(Problem) in
      writer.object { writer in
        writer.key("items")
        writer.array { writer in for item in items { write(&writer, item) } }
        writer.key("next")
        if let cursor { writer.text(cursor) } else { writer.null() }
      }
    }
  }

  /// The cursor of the next page, if there is one, and the Link field of this one.
  package func links(
    next: some Sequence<UInt8>,
    of page: PageRequest
  ) -> (cursor: String?, field: String) {
    let place = Array(next)
    let cursor = place.isEmpty ? nil : core.cursors.cursor(place, filters: page.filters)
    var links = [link(cursor: nil, relation: "first")]
    if let cursor { links.insert(link(cursor: cursor, relation: "next"), at: 0) }
    return (cursor, links.joined(separator: ", "))
  }

  private func link(cursor: String?, relation: String) -> String {
    var items = query.items.filter { $0.name != "cursor" }
    if let cursor { items.append(("cursor", cursor)) }
    let text = items.map { QueryText.encoded($0.name) + "=" + QueryText.encoded($0.value) }
      .joined(separator: "&")
    return "<\(address(String(path)))\(text.isEmpty ? "" : "?" + text)>; rel=\"\(relation)\""
  }
}
