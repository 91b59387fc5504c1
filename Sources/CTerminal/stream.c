#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "cterminal.h"

// A descriptor may be in non-blocking mode by another process's doing: terminals and pipes are shared.
static void wait_for(int fd, short events) {
  struct pollfd waiting = {.fd = fd, .events = events};
  poll(&waiting, 1, -1);
}

int ct_write_all(int fd, const void *bytes, size_t count) {
  const char *rest = bytes;
  while (count > 0) {
    ssize_t done = write(fd, rest, count);
    if (done > 0) {
      rest += done;
      count -= (size_t)done;
    } else if (done == 0) {
      return EIO;
    } else if (errno == EAGAIN) {
      wait_for(fd, POLLOUT);
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

long ct_read(int fd, void *buffer, size_t capacity) {
  for (;;) {
    long count = read(fd, buffer, capacity);
    if (count >= 0) return count;
    if (errno == EAGAIN) wait_for(fd, POLLIN);
    else if (errno != EINTR) return -1;
  }
}
