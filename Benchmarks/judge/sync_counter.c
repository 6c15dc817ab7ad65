/* Counts the calls that wait for the disk, for whatever program it is preloaded into.
 *
 * WEAVE_SYNC_COUNTER names a file of one page, shared by the program and its children:
 *   u64 calls[4]       fsync, fdatasync, msync (MS_SYNC), sync_file_range
 *   u64 nanoseconds    spent in the first three
 *   u64 buckets[256]   how long each of the first three took, eight buckets an octave of
 *                      nanoseconds: bucket = 8 * floor(log2 ns) + the next three bits, less 64
 * WEAVE_SYNC_FLOOR_US is how many microseconds each of the first three takes at least, for a look at how
 * programs behave on a slower disk; without it they take what they take.
 * The system calls are made directly: a lookup of the next symbol could fail in a child that has
 * not finished starting. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

struct page {
  uint64_t calls[4];
  uint64_t nanoseconds;
  uint64_t buckets[256];
};

static struct page *page;
static uint64_t floor_ns;

__attribute__((constructor)) static void map_page(void) {
  const char *floor = getenv("WEAVE_SYNC_FLOOR_US");
  if (floor) floor_ns = strtoull(floor, NULL, 10) * 1000u;
  const char *path = getenv("WEAVE_SYNC_COUNTER");
  int file = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
  if (file < 0) return;
  void *found = mmap(NULL, sizeof(struct page), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  if (found != MAP_FAILED) page = found;
}

static uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void add(uint64_t *counter, uint64_t value) {
  __atomic_fetch_add(counter, value, __ATOMIC_RELAXED);
}

static void hold(uint64_t began) {
  if (!floor_ns) return;
  uint64_t end = began + floor_ns;
  struct timespec time = {(time_t)(end / 1000000000u), (long)(end % 1000000000u)};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL) == EINTR) {
  }
}

static void note(int kind, uint64_t began) {
  hold(began);
  if (!page) return;
  uint64_t spent = now() - began;
  if (spent < 256) spent = 256;
  int octave = 63 - __builtin_clzll(spent);
  int bucket = 8 * octave + (int)(spent >> (octave - 3) & 7) - 64;
  add(&page->calls[kind], 1);
  add(&page->nanoseconds, spent);
  add(&page->buckets[bucket > 255 ? 255 : bucket], 1);
}

int fsync(int file) {
  uint64_t began = now();
  int result = (int)syscall(SYS_fsync, file);
  note(0, began);
  return result;
}

int fdatasync(int file) {
  uint64_t began = now();
  int result = (int)syscall(SYS_fdatasync, file);
  note(1, began);
  return result;
}

int msync(void *address, size_t length, int flags) {
  uint64_t began = now();
  int result = (int)syscall(SYS_msync, address, length, flags);
  if (flags & MS_SYNC) note(2, began);
  return result;
}

int sync_file_range(int file, off64_t offset, off64_t length, unsigned flags) {
  if (page) add(&page->calls[3], 1);
  return (int)syscall(SYS_sync_file_range, file, offset, length, flags);
}
