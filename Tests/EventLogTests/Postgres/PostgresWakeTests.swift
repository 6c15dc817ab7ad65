import Foundation
import PostgresDriver
import Testing

@Suite struct PostgresWakeTests {
  /// As when many connections are lost at once and made anew; in a process of its own, whose other
  /// tests would find no descriptors either.
  @Test func aFullTableOfDescriptorsIsAnError() async {
    await #expect(processExitsWith: .success) {
      let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
      var limit = rlimit()
      try #require(getrlimit(resource, &limit) == 0)
      var none = limit
      none.rlim_cur = 0
      try #require(setrlimit(resource, &none) == 0)
      let wake = try? PostgresWake()
      try #require(setrlimit(resource, &limit) == 0)
      #expect(wake == nil)
    }
  }
}
