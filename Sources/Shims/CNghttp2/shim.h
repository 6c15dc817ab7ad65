#pragma once
#include <nghttp2/nghttp2.h>
#include <stdint.h>
#include <string.h>

/* The eight bytes of a PING as they lie in memory. */
static inline uint64_t weave_nghttp2_ping_token(const nghttp2_frame *frame) {
  uint64_t token;
  memcpy(&token, frame->ping.opaque_data, sizeof token);
  return token;
}
