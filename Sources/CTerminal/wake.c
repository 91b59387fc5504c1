#define _GNU_SOURCE
#include "cterminal.h"

#include <errno.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

int ct_wake_open(void) { return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); }

void ct_wake(int fd) {
  if (fd < 0) return;
  int saved = errno;
  uint64_t one = 1;
  // A full counter means that the reader is woken already.
  if (write(fd, &one, sizeof one) < 0) errno = saved;
}

void ct_wake_clear(int fd) {
  uint64_t count;
  while (fd >= 0 && read(fd, &count, sizeof count) > 0) {
  }
}
