#define _GNU_SOURCE
#include "cterminal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

// The newest bytes of what was captured, for ct_capture_abandon. Written by the reading thread only; a crash may read it
// in the middle of a write and then shows a few bytes out of order, which is better than showing nothing.
enum { recent_size = 4096 };
static char recent[recent_size];
static atomic_size_t recent_count;

static int real[3] = {-1, -1, -1};
static int reading = -1;
static atomic_int capturing;

int ct_capture_begin(void) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return -1;
  fflush(stdout);
  fflush(stderr);
  atomic_store(&recent_count, 0);
  for (int fd = 1; fd <= 2; fd++) {
    real[fd] = -1;
    if (!isatty(fd)) continue;
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    if (copy < 0) continue;
    if (dup2(ends[1], fd) < 0) {
      close(copy);
      continue;
    }
    real[fd] = copy;
  }
  close(ends[1]);
  // stdio would buffer a pipe by the block, and lines would arrive late.
  if (real[1] >= 0) setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
  reading = ends[0];
  atomic_store(&capturing, 1);
  return ends[0];
}

long ct_capture_read(int fd, char *buffer, size_t capacity) {
  ssize_t count;
  do {
    count = read(fd, buffer, capacity);
  } while (count < 0 && errno == EINTR);
  if (count <= 0) return 0;
  size_t at = atomic_load(&recent_count);
  for (ssize_t i = 0; i < count; i++) recent[(at + (size_t)i) % recent_size] = buffer[i];
  atomic_store(&recent_count, at + (size_t)count);
  return count;
}

static void point_back(void) {
  for (int fd = 1; fd <= 2; fd++) {
    if (real[fd] < 0) continue;
    dup2(real[fd], fd);
    close(real[fd]);
    real[fd] = -1;
  }
}

void ct_capture_end(void) {
  if (!atomic_exchange(&capturing, 0)) return;
  fflush(stdout);
  fflush(stderr);
  point_back();
}

static void put(const char *bytes, size_t count) {
  while (count > 0) {
    ssize_t written = write(2, bytes, count);
    if (written <= 0) return;
    bytes += written;
    count -= (size_t)written;
  }
}

void ct_capture_abandon(void) {
  if (!atomic_exchange(&capturing, 0)) return;
  int had_error_stream = real[2] >= 0;
  point_back();
  if (!had_error_stream) return;
  size_t end = atomic_load(&recent_count);
  size_t from = end > recent_size ? end - recent_size : 0;
  // Begin at a whole line where the start was overwritten.
  if (from > 0) {
    while (from < end && recent[from % recent_size] != '\n') from++;
  }
  while (from < end) {
    size_t start = from % recent_size;
    size_t run = end - from < recent_size - start ? end - from : recent_size - start;
    put(recent + start, run);
    from += run;
  }
  // What the reading thread had no time to take.
  char rest[512];
  struct pollfd ready = {.fd = reading, .events = POLLIN};
  while (poll(&ready, 1, 0) == 1 && (ready.revents & POLLIN)) {
    ssize_t count = read(reading, rest, sizeof rest);
    if (count <= 0) break;
    put(rest, (size_t)count);
  }
}
