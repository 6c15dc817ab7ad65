public import ServiceKit
internal import PostsService
internal import UsersService

/// Every service there is.
public let catalog: [any ServiceModule.Type] = [UsersModule.self, PostsModule.self]
