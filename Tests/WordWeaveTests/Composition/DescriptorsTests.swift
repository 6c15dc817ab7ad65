import Glibc
import Testing

@testable import WordWeave

@Suite struct DescriptorsTests {
  /// A number that no file of the tests has: the lowest that is free is given out.
  private static let unused: Int32 = 1000

  @Test func aDescriptorThatIsClosedIsFilled() throws {
    let before = fcntl(Self.unused, F_GETFD)
    try #require(before == -1)
    Descriptors.fill(Self.unused, O_RDONLY)
    defer { close(Self.unused) }
    let after = fcntl(Self.unused, F_GETFD)
    #expect(after == 0)
    // Nobody is to think that it was written.
    let code = Console.write("a result", to: Self.unused)
    #expect(code == EBADF)
  }

  @Test func aDescriptorThatIsOpenStaysAsItIs() throws {
    let descriptor = open("/dev/full", O_WRONLY | O_CLOEXEC)
    try #require(descriptor >= 0)
    defer { close(descriptor) }
    Descriptors.fill(descriptor, O_RDONLY)
    let code = Console.write("a result", to: descriptor)
    #expect(code == ENOSPC)
  }
}
