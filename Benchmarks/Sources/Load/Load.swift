internal import Glibc
internal import Measuring

/// A client that costs little: one thread, HTTP/2 by nghttp2, protobuf by hand.
///
/// The servers that are compared share the machine with it; what it does not take is theirs.
/// It prints `begin` and `end` around the measured time and then its result as JSON.
@main
enum Load {
  static func main() {
    let arguments = CommandLine.arguments.dropFirst()
    do throws(Trouble) {
      let options = try Options(arguments.dropFirst())
      switch arguments.first {
      case "append": try Append.run(options)
      case "fill": try Append.fill(options)
      case "read": try Read.run(options)
      case "deliver": try Deliver.run(options)
      case "head": try Ask.head(options)
      case "await": try Ask.awaitServing(options)
      default: throw Trouble(Options.usage)
      }
    } catch {
      let bytes = Array("Load: \(error)\n".utf8)
      _ = bytes.withUnsafeBytes { write(2, $0.baseAddress, $0.count) }
      exit(1)
    }
  }
}
