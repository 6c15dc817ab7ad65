import GRPCCore
import Testing

@testable import EventsService

@Suite(.timeLimit(.minutes(1))) struct CallBoundsTests {
  /// gRPC says so while it holds a lock; taking that lock once more ends the process.
  @Test func workOfACallThatIsOverAlreadyMayAskWhetherItIs() async throws {
    await withServerContextRPCCancellationHandle { handle in
      let context = ServerContext(
        descriptor: MethodDescriptor(fullyQualifiedService: "test", method: "over"),
        remotePeer: "in-process",
        localPeer: "in-process",
        cancellation: handle
      )
      handle.cancel()
      let error = await #expect(throws: RPCError.self) {
        try await cancelling(with: context, end: nil) {
          try await withTaskCancellationHandler {
            try await Task.sleep(for: .seconds(30))
          } onCancel: {
            _ = handle.isCancelled
          }
        }
      }
      #expect(error?.code == .unavailable)
    }
  }
}
