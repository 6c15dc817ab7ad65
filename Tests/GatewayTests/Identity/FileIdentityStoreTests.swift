internal import Foundation
internal import IdentityStandIn
internal import Testing

@Suite struct FileIdentityStoreTests {
  @Test func filesSurviveAreReplacedAndAreTheOwnersOnly() throws {
    let root = NSTemporaryDirectory() + "identity-" + UUID().uuidString
    defer { try? FileManager.default.removeItem(atPath: root) }
    let store = try FileIdentityStore(directory: root)
    #expect(try store.load(folder: "accounts").isEmpty)
    try store.save([1], folder: "accounts", name: "a")
    try store.save([2, 3], folder: "accounts", name: "a")
    try store.save([4], folder: "accounts", name: "b")
    try store.remove(folder: "accounts", name: "b")
    try store.remove(folder: "accounts", name: "b")
    // What a crash may leave behind is not taken for an account.
    try Data([9]).write(to: URL(fileURLWithPath: root + "/accounts/c.new"))
    let found = try FileIdentityStore(directory: root).load(folder: "accounts")
    #expect(found.map(\.name) == ["a"])
    #expect(found.first?.bytes == [2, 3])
    let attributes = try FileManager.default.attributesOfItem(atPath: root + "/accounts/a")
    #expect(attributes[.posixPermissions] as? Int == 0o600)
  }
}
