// The allocator's functions with a refusal that is said. Neither Swift nor the libraries below it can go on without the
// memory that they ask for: they stop by a signal, without a word. A program's definitions come before the C library's, so
// these serve all of them. What is large is asked for by Numerics' MemoryBlock, which throws; this is for all the rest.
#define _GNU_SOURCE
#include "CProcess.h"

#include <errno.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cterminal.h"

void cp_begin(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return;
#if defined(__GLIBC__)
  mallopt(M_ARENA_MAX, 2);
#endif
  // A stack that cannot grow any more is a crash.
  volatile char room[512 << 10];
  for (size_t i = 0; i < sizeof room; i += 4096) room[i] = 0;
}

#if defined(__linux__) && defined(__GLIBC__)

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

// Where a program has an allocator of its own as well, as the tests have to count what is held, that one is taken.
#define WHERE_NO_OTHER __attribute__((weak))

static void refuse(size_t bytes) {
  static atomic_int spoken;
  if (!atomic_exchange(&spoken, 1)) {
    ct_guard_leave();
    ct_capture_abandon();
    // Without an allocation: the sentence is put together in place.
    char line[] = "error: The system refused 00000000000000 MB of memory.\n";
    size_t megabytes = bytes / 1000000 + (bytes % 1000000 != 0);
    enum { first = 26, digits = 14 };
    size_t at = first + digits;
    do {
      line[--at] = (char)('0' + megabytes % 10);
      megabytes /= 10;
    } while (megabytes && at > first);
    ssize_t done = write(2, line, first);
    done = write(2, line + at, sizeof line - 1 - at);
    (void)done;
  }
  _exit(5);
}

WHERE_NO_OTHER void *malloc(size_t size) {
  void *memory = __libc_malloc(size);
  if (!memory) refuse(size);
  return memory;
}

WHERE_NO_OTHER void *calloc(size_t count, size_t size) {
  void *memory = __libc_calloc(count, size);
  if (!memory) refuse(count && size > (size_t)-1 / count ? (size_t)-1 : count * size);
  return memory;
}

WHERE_NO_OTHER void *realloc(void *old, size_t size) {
  void *memory = __libc_realloc(old, size);
  // Of size 0 it frees.
  if (!memory && size > 0) refuse(size);
  return memory;
}

static int is_alignment(size_t alignment) { return alignment && (alignment & (alignment - 1)) == 0; }

WHERE_NO_OTHER void *memalign(size_t alignment, size_t size) {
  void *memory = __libc_memalign(alignment, size);
  if (!memory && is_alignment(alignment)) refuse(size);
  return memory;
}

WHERE_NO_OTHER void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

WHERE_NO_OTHER int posix_memalign(void **result, size_t alignment, size_t size) {
  if (alignment % sizeof(void *) || !is_alignment(alignment)) return EINVAL;
  *result = memalign(alignment, size);
  return 0;
}

#endif
