#pragma once
// What the Glibc module does not offer: variadic calls, thread names, and CRC-32C in hardware.
#include <malloc.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#if defined(__aarch64__)
#include <arm_acle.h>
#endif

/// Names the calling thread; the kernel keeps 15 bytes.
static inline void weave_name_thread(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }

/// Keeps the heap small: few arenas, and large blocks go back to the system when they are freed.
/// A threshold that is set stays; otherwise it grows with the largest block that was freed.
static inline int weave_bound_heap(int arenas, int mapped_bytes) {
  return mallopt(M_ARENA_MAX, arenas) && mallopt(M_MMAP_THRESHOLD, mapped_bytes)
      && mallopt(M_TRIM_THRESHOLD, 4 * mapped_bytes);
}

/// Gives free pages of all arenas back to the system; 1 if there were any.
static inline int weave_trim_heap(void) { return malloc_trim(0); }

// Builtins, not <nmmintrin.h>: its inline functions are not emitted into unoptimised Swift objects.
/// Extends a CRC-32C (Castagnoli, RFC 3720 appendix B.4) by `count` bytes. Start with 0.
#if defined(__x86_64__)
__attribute__((target("sse4.2")))
static inline uint32_t weave_crc32c(uint32_t crc, const void *bytes, size_t count) {
  const uint8_t *p = (const uint8_t *)bytes;
  uint64_t state = (uint32_t)~crc;
  while (count >= 8) {
    uint64_t word;
    memcpy(&word, p, 8);
    state = __builtin_ia32_crc32di(state, word);
    p += 8;
    count -= 8;
  }
  while (count > 0) {
    state = __builtin_ia32_crc32qi((uint32_t)state, *p);
    p += 1;
    count -= 1;
  }
  return ~(uint32_t)state;
}
#elif defined(__aarch64__)
__attribute__((target("+crc")))
static inline uint32_t weave_crc32c(uint32_t crc, const void *bytes, size_t count) {
  const uint8_t *p = (const uint8_t *)bytes;
  uint32_t state = ~crc;
  while (count >= 8) {
    uint64_t word;
    memcpy(&word, p, 8);
    state = __builtin_arm_crc32cd(state, word);
    p += 8;
    count -= 8;
  }
  while (count > 0) {
    state = __builtin_arm_crc32cb(state, *p);
    p += 1;
    count -= 1;
  }
  return ~state;
}
#else
#error "CRC-32C needs a processor with the instruction (x86-64 with SSE 4.2, or ARMv8)"
#endif
