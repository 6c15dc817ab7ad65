#pragma once
#include <nghttp2/nghttp2.h>
// The Glibc module of Swift has no epoll; one thread waits on a thousand sockets by it.
#include <sys/epoll.h>

static const uint32_t weave_epoll_in = EPOLLIN;
static const uint32_t weave_epoll_out = EPOLLOUT;
