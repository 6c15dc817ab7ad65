package import HTTPTypes
package import Hummingbird

/// Who may call a route.
package enum Access: Sendable {
  /// Nobody is looked at; not even a bad token matters.
  case open
  /// A token is judged if there is one.
  case anybody
  /// A token of an account.
  case account
  /// The operator, or an account with the role administrator that is not suspended.
  case administrator
}

/// A method and a pattern with what answers them.
package struct Route: Sendable {
  package typealias Handler = @Sendable (inout Exchange) async throws -> Response

  package let method: HTTPRequest.Method
  /// `/v1/posts/{id}`: segments in braces take any one segment.
  package let pattern: String
  package let access: Access
  /// Whether a request leaves a record although it only reads.
  package let isRecorded: Bool
  package let handler: Handler

  package init(
    _ method: HTTPRequest.Method,
    _ pattern: String,
    _ access: Access = .anybody,
    isRecorded: Bool = false,
    _ handler: @escaping Handler
  ) {
    self.method = method
    self.pattern = pattern
    self.access = access
    self.isRecorded = isRecorded
    self.handler = handler
  }
}

/// Finds the route of a request.
///
/// It is the project's own because a 405 must name the methods that a path does have, and metrics
/// need the pattern of every answer, refusals included.
struct RouteTable: Sendable {
  final class Entry: Sendable {
    let route: Route
    let meter: RouteMeter
    init(_ route: Route, _ meter: RouteMeter) {
      self.route = route
      self.meter = meter
    }
  }

  enum Match {
    case found(Entry, [String: String])
    case otherMethods([HTTPRequest.Method])
    case nothing
  }

  private struct Node {
    var literals: [Substring: Int] = [:]
    var parameter: (name: String, node: Int)?
    var methods: [(method: HTTPRequest.Method, entry: Entry)] = []
  }

  private var nodes = [Node()]

  init(_ routes: [Route], registry: PrometheusRegistry) {
    for route in routes {
      var node = 0
      for segment in route.pattern.split(separator: "/") {
        node = child(of: node, segment)
      }
      let meter = RouteMeter(registry, route: route.pattern, method: route.method.rawValue)
      nodes[node].methods.append((route.method, Entry(route, meter)))
    }
  }

  private mutating func child(of node: Int, _ segment: Substring) -> Int {
    if segment.first == "{", segment.last == "}" {
      if let parameter = nodes[node].parameter {
        precondition(parameter.name == segment.dropFirst().dropLast(), "one place, one name")
        return parameter.node
      }
      nodes.append(Node())
      nodes[node].parameter = (String(segment.dropFirst().dropLast()), nodes.count - 1)
      return nodes.count - 1
    }
    if let found = nodes[node].literals[segment] { return found }
    nodes.append(Node())
    nodes[node].literals[segment] = nodes.count - 1
    return nodes.count - 1
  }

  /// Finds a route; a literal segment goes before a parameter.
  ///
  /// HEAD is answered as GET is.
  func match(_ method: HTTPRequest.Method, _ path: Substring) -> Match {
    var node = 0
    var parameters: [String: String] = [:]
    guard path.utf8.first == UInt8(ascii: "/") else { return .nothing }
    let segments = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
    if path.utf8.count > 1 {
      for segment in segments {
        if let next = nodes[node].literals[segment] {
          node = next
        } else if let parameter = nodes[node].parameter, !segment.isEmpty,
          let value = QueryText.decoded(segment, plusIsSpace: false)
        {
          parameters[parameter.name] = value
          node = parameter.node
        } else {
          return .nothing
        }
      }
    }
    let methods = nodes[node].methods
    guard !methods.isEmpty else { return .nothing }
    let wanted = method == .head ? .get : method
    guard let entry = methods.first(where: { $0.method == wanted })?.entry else {
      return .otherMethods(methods.map(\.method))
    }
    return .found(entry, parameters)
  }
}
