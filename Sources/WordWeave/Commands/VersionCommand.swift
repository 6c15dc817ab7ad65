internal import ArgumentParser
internal import Gateway

/// The version of this program.
enum Release {
  static let version = "0.1.0"
}

struct VersionCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "version",
    abstract: "Print the version."
  )

  @OptionGroup var output: OutputOptions

  func run() {
    if output.json {
      output.console.print(["version": .string(Release.version)])
    } else {
      output.console.print("wordweave \(Release.version)")
    }
  }
}
