// swift-format-ignore-file
// Made by ops/dev/direct-clients.py from wordweave/events/v1/api.proto.
package import GRPCCore

extension Wordweave_Events_V1_Streams {
  /// Calls a service in the same process.
  package struct DirectClient: ClientProtocol {
    private let service: any ServiceProtocol
    package init(_ service: any ServiceProtocol) { self.service = service }

    package func getMetadata<Result>(
      request: ClientRequest<Wordweave_Events_V1_GetMetadataRequest>,
      serializer: some MessageSerializer<Wordweave_Events_V1_GetMetadataRequest>,
      deserializer: some MessageDeserializer<Wordweave_Events_V1_GetMetadataResponse>,
      options: CallOptions,
      onResponse handleResponse:
        @Sendable @escaping (ClientResponse<Wordweave_Events_V1_GetMetadataResponse>) async throws -> Result
    ) async throws -> Result where Result: Sendable {
      try await handleResponse(
        await DirectCall.unary(request, of: Method.GetMetadata.descriptor) {
          try await service.getMetadata(request: $0, context: $1)
        })
    }

    package func setMetadata<Result>(
      request: ClientRequest<Wordweave_Events_V1_SetMetadataRequest>,
      serializer: some MessageSerializer<Wordweave_Events_V1_SetMetadataRequest>,
      deserializer: some MessageDeserializer<Wordweave_Events_V1_StreamChange>,
      options: CallOptions,
      onResponse handleResponse:
        @Sendable @escaping (ClientResponse<Wordweave_Events_V1_StreamChange>) async throws -> Result
    ) async throws -> Result where Result: Sendable {
      try await handleResponse(
        await DirectCall.unary(request, of: Method.SetMetadata.descriptor) {
          try await service.setMetadata(request: $0, context: $1)
        })
    }

    package func truncate<Result>(
      request: ClientRequest<Wordweave_Events_V1_TruncateRequest>,
      serializer: some MessageSerializer<Wordweave_Events_V1_TruncateRequest>,
      deserializer: some MessageDeserializer<Wordweave_Events_V1_StreamChange>,
      options: CallOptions,
      onResponse handleResponse:
        @Sendable @escaping (ClientResponse<Wordweave_Events_V1_StreamChange>) async throws -> Result
    ) async throws -> Result where Result: Sendable {
      try await handleResponse(
        await DirectCall.unary(request, of: Method.Truncate.descriptor) {
          try await service.truncate(request: $0, context: $1)
        })
    }

    package func tombstone<Result>(
      request: ClientRequest<Wordweave_Events_V1_TombstoneRequest>,
      serializer: some MessageSerializer<Wordweave_Events_V1_TombstoneRequest>,
      deserializer: some MessageDeserializer<Wordweave_Events_V1_StreamChange>,
      options: CallOptions,
      onResponse handleResponse:
        @Sendable @escaping (ClientResponse<Wordweave_Events_V1_StreamChange>) async throws -> Result
    ) async throws -> Result where Result: Sendable {
      try await handleResponse(
        await DirectCall.unary(request, of: Method.Tombstone.descriptor) {
          try await service.tombstone(request: $0, context: $1)
        })
    }

    package func list<Result>(
      request: ClientRequest<Wordweave_Events_V1_ListStreamsRequest>,
      serializer: some MessageSerializer<Wordweave_Events_V1_ListStreamsRequest>,
      deserializer: some MessageDeserializer<Wordweave_Events_V1_ListStreamsResponse>,
      options: CallOptions,
      onResponse handleResponse:
        @Sendable @escaping (ClientResponse<Wordweave_Events_V1_ListStreamsResponse>) async throws -> Result
    ) async throws -> Result where Result: Sendable {
      try await handleResponse(
        await DirectCall.unary(request, of: Method.List.descriptor) {
          try await service.list(request: $0, context: $1)
        })
    }
  }
}
