// The allocator's functions as the test program sees them: glibc's own, with a count a thread. A program's definitions
// come before the C library's, so these also serve the libraries that it loads.
#define _GNU_SOURCE
#include "CAllocationMeter.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <time.h>

static _Thread_local int64_t held, highest, base;

void am_start(void) {
  base = held;
  highest = held;
}

int64_t am_peak(void) { return highest - base; }

double am_thread_seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

#if defined(__linux__) && defined(__GLIBC__)

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);
extern void __libc_free(void *);

static void *counted(void *memory) {
  if (memory) {
    held += (int64_t)malloc_usable_size(memory);
    if (held > highest) highest = held;
  }
  return memory;
}

void *malloc(size_t size) { return counted(__libc_malloc(size)); }

void *calloc(size_t count, size_t size) { return counted(__libc_calloc(count, size)); }

void *realloc(void *memory, size_t size) {
  int64_t before = memory ? (int64_t)malloc_usable_size(memory) : 0;
  void *moved = __libc_realloc(memory, size);
  // A request that failed leaves the old block; one for nothing frees it.
  if (moved || size == 0) held -= before;
  return counted(moved);
}

void *memalign(size_t alignment, size_t size) { return counted(__libc_memalign(alignment, size)); }

void *aligned_alloc(size_t alignment, size_t size) { return counted(__libc_memalign(alignment, size)); }

int posix_memalign(void **memory, size_t alignment, size_t size) {
  void *made = counted(__libc_memalign(alignment, size));
  if (!made) return ENOMEM;
  *memory = made;
  return 0;
}

void free(void *memory) {
  if (memory) held -= (int64_t)malloc_usable_size(memory);
  __libc_free(memory);
}

#endif
