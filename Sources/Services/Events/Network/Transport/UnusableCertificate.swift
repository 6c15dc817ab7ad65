/// Which file a server cannot show or use: the library's errors name none.
struct UnusableCertificate: Error, CustomStringConvertible {
  let description: String

  init(_ files: String, _ cause: any Error) {
    description = "\(files) cannot be used: \(cause)"
  }
}
