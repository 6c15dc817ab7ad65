// swift-format-ignore-file
// Made by ops/dev/direct-clients.py from wordweave/posts/v1/api.proto.
package import GRPCCore

extension Wordweave_Posts_V1_Posts {
  /// Calls a service in the same process.
  package struct DirectClient: ClientProtocol {
    private let service: any ServiceProtocol
    package init(_ service: any ServiceProtocol) { self.service = service }

    package func create<Result>(
      request: ClientRequest<Wordweave_Posts_V1_CreatePostRequest>,
      serializer: some MessageSerializer<Wordweave_Posts_V1_CreatePostRequest>,
      deserializer: some MessageDeserializer<Wordweave_Posts_V1_PostResponse>,
      options: CallOptions,
      onResponse handleResponse:
        @Sendable @escaping (ClientResponse<Wordweave_Posts_V1_PostResponse>) async throws -> Result
    ) async throws -> Result where Result: Sendable {
      try await handleResponse(
        await DirectCall.unary(request, of: Method.Create.descriptor) {
          try await service.create(request: $0, context: $1)
        })
    }

    package func edit<Result>(
      request: ClientRequest<Wordweave_Posts_V1_EditPostRequest>,
      serializer: some MessageSerializer<Wordweave_Posts_V1_EditPostRequest>,
      deserializer: some MessageDeserializer<Wordweave_Posts_V1_PostResponse>,
      options: CallOptions,
      onResponse handleResponse:
        @Sendable @escaping (ClientResponse<Wordweave_Posts_V1_PostResponse>) async throws -> Result
    ) async throws -> Result where Result: Sendable {
      try await handleResponse(
        await DirectCall.unary(request, of: Method.Edit.descriptor) {
          try await service.edit(request: $0, context: $1)
        })
    }

    package func publish<Result>(
      request: ClientRequest<Wordweave_Posts_V1_PublishPostRequest>,
      serializer: some MessageSerializer<Wordweave_Posts_V1_PublishPostRequest>,
      deserializer: some MessageDeserializer<Wordweave_Posts_V1_PostResponse>,
      options: CallOptions,
      onResponse handleResponse:
        @Sendable @escaping (ClientResponse<Wordweave_Posts_V1_PostResponse>) async throws -> Result
    ) async throws -> Result where Result: Sendable {
      try await handleResponse(
        await DirectCall.unary(request, of: Method.Publish.descriptor) {
          try await service.publish(request: $0, context: $1)
        })
    }

    package func unpublish<Result>(
      request: ClientRequest<Wordweave_Posts_V1_PostRequest>,
      serializer: some MessageSerializer<Wordweave_Posts_V1_PostRequest>,
      deserializer: some MessageDeserializer<Wordweave_Posts_V1_PostResponse>,
      options: CallOptions,
      onResponse handleResponse:
        @Sendable @escaping (ClientResponse<Wordweave_Posts_V1_PostResponse>) async throws -> Result
    ) async throws -> Result where Result: Sendable {
      try await handleResponse(
        await DirectCall.unary(request, of: Method.Unpublish.descriptor) {
          try await service.unpublish(request: $0, context: $1)
        })
    }

    package func delete<Result>(
      request: ClientRequest<Wordweave_Posts_V1_DeletePostRequest>,
      serializer: some MessageSerializer<Wordweave_Posts_V1_DeletePostRequest>,
      deserializer: some MessageDeserializer<Wordweave_Posts_V1_PostResponse>,
      options: CallOptions,
      onResponse handleResponse:
        @Sendable @escaping (ClientResponse<Wordweave_Posts_V1_PostResponse>) async throws -> Result
    ) async throws -> Result where Result: Sendable {
      try await handleResponse(
        await DirectCall.unary(request, of: Method.Delete.descriptor) {
          try await service.delete(request: $0, context: $1)
        })
    }

    package func restore<Result>(
      request: ClientRequest<Wordweave_Posts_V1_PostRequest>,
      serializer: some MessageSerializer<Wordweave_Posts_V1_PostRequest>,
      deserializer: some MessageDeserializer<Wordweave_Posts_V1_PostResponse>,
      options: CallOptions,
      onResponse handleResponse:
        @Sendable @escaping (ClientResponse<Wordweave_Posts_V1_PostResponse>) async throws -> Result
    ) async throws -> Result where Result: Sendable {
      try await handleResponse(
        await DirectCall.unary(request, of: Method.Restore.descriptor) {
          try await service.restore(request: $0, context: $1)
        })
    }

    package func restoreRevision<Result>(
      request: ClientRequest<Wordweave_Posts_V1_RestoreRevisionRequest>,
      serializer: some MessageSerializer<Wordweave_Posts_V1_RestoreRevisionRequest>,
      deserializer: some MessageDeserializer<Wordweave_Posts_V1_PostResponse>,
      options: CallOptions,
      onResponse handleResponse:
        @Sendable @escaping (ClientResponse<Wordweave_Posts_V1_PostResponse>) async throws -> Result
    ) async throws -> Result where Result: Sendable {
      try await handleResponse(
        await DirectCall.unary(request, of: Method.RestoreRevision.descriptor) {
          try await service.restoreRevision(request: $0, context: $1)
        })
    }

    package func get<Result>(
      request: ClientRequest<Wordweave_Posts_V1_GetPostRequest>,
      serializer: some MessageSerializer<Wordweave_Posts_V1_GetPostRequest>,
      deserializer: some MessageDeserializer<Wordweave_Posts_V1_PostResponse>,
      options: CallOptions,
      onResponse handleResponse:
        @Sendable @escaping (ClientResponse<Wordweave_Posts_V1_PostResponse>) async throws -> Result
    ) async throws -> Result where Result: Sendable {
      try await handleResponse(
        await DirectCall.unary(request, of: Method.Get.descriptor) {
          try await service.get(request: $0, context: $1)
        })
    }

    package func list<Result>(
      request: ClientRequest<Wordweave_Posts_V1_ListPostsRequest>,
      serializer: some MessageSerializer<Wordweave_Posts_V1_ListPostsRequest>,
      deserializer: some MessageDeserializer<Wordweave_Posts_V1_ListPostsResponse>,
      options: CallOptions,
      onResponse handleResponse:
        @Sendable @escaping (ClientResponse<Wordweave_Posts_V1_ListPostsResponse>) async throws -> Result
    ) async throws -> Result where Result: Sendable {
      try await handleResponse(
        await DirectCall.unary(request, of: Method.List.descriptor) {
          try await service.list(request: $0, context: $1)
        })
    }

    package func listRevisions<Result>(
      request: ClientRequest<Wordweave_Posts_V1_ListRevisionsRequest>,
      serializer: some MessageSerializer<Wordweave_Posts_V1_ListRevisionsRequest>,
      deserializer: some MessageDeserializer<Wordweave_Posts_V1_ListRevisionsResponse>,
      options: CallOptions,
      onResponse handleResponse:
        @Sendable @escaping (ClientResponse<Wordweave_Posts_V1_ListRevisionsResponse>) async throws -> Result
    ) async throws -> Result where Result: Sendable {
      try await handleResponse(
        await DirectCall.unary(request, of: Method.ListRevisions.descriptor) {
          try await service.listRevisions(request: $0, context: $1)
        })
    }

    package func getRevision<Result>(
      request: ClientRequest<Wordweave_Posts_V1_GetRevisionRequest>,
      serializer: some MessageSerializer<Wordweave_Posts_V1_GetRevisionRequest>,
      deserializer: some MessageDeserializer<Wordweave_Posts_V1_PostResponse>,
      options: CallOptions,
      onResponse handleResponse:
        @Sendable @escaping (ClientResponse<Wordweave_Posts_V1_PostResponse>) async throws -> Result
    ) async throws -> Result where Result: Sendable {
      try await handleResponse(
        await DirectCall.unary(request, of: Method.GetRevision.descriptor) {
          try await service.getRevision(request: $0, context: $1)
        })
    }

    package func diff<Result>(
      request: ClientRequest<Wordweave_Posts_V1_DiffRequest>,
      serializer: some MessageSerializer<Wordweave_Posts_V1_DiffRequest>,
      deserializer: some MessageDeserializer<Wordweave_Posts_V1_DiffResponse>,
      options: CallOptions,
      onResponse handleResponse:
        @Sendable @escaping (ClientResponse<Wordweave_Posts_V1_DiffResponse>) async throws -> Result
    ) async throws -> Result where Result: Sendable {
      try await handleResponse(
        await DirectCall.unary(request, of: Method.Diff.descriptor) {
          try await service.diff(request: $0, context: $1)
        })
    }

    package func listTags<Result>(
      request: ClientRequest<Wordweave_Posts_V1_ListTagsRequest>,
      serializer: some MessageSerializer<Wordweave_Posts_V1_ListTagsRequest>,
      deserializer: some MessageDeserializer<Wordweave_Posts_V1_ListTagsResponse>,
      options: CallOptions,
      onResponse handleResponse:
        @Sendable @escaping (ClientResponse<Wordweave_Posts_V1_ListTagsResponse>) async throws -> Result
    ) async throws -> Result where Result: Sendable {
      try await handleResponse(
        await DirectCall.unary(request, of: Method.ListTags.descriptor) {
          try await service.listTags(request: $0, context: $1)
        })
    }

    package func listChanges<Result>(
      request: ClientRequest<Wordweave_Posts_V1_ListChangesRequest>,
      serializer: some MessageSerializer<Wordweave_Posts_V1_ListChangesRequest>,
      deserializer: some MessageDeserializer<Wordweave_Posts_V1_ListRevisionsResponse>,
      options: CallOptions,
      onResponse handleResponse:
        @Sendable @escaping (ClientResponse<Wordweave_Posts_V1_ListRevisionsResponse>) async throws -> Result
    ) async throws -> Result where Result: Sendable {
      try await handleResponse(
        await DirectCall.unary(request, of: Method.ListChanges.descriptor) {
          try await service.listChanges(request: $0, context: $1)
        })
    }
  }
}
