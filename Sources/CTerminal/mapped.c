#define _GNU_SOURCE
#include "mapped.h"
#include "cterminal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// A file that is read through a memory map can become shorter meanwhile: another program wrote over it in place. Its pages
// behind the new end are gone, and touching one raises SIGBUS in the middle of whatever computes with it. Nothing can go
// on from there, but it can be said. Everything below is async-signal-safe: system calls, and memory of its own.

static struct sigaction before;
static atomic_int reporting;

// One mapping of /proc/self/maps: "start-end perms offset dev inode path".
struct mapping {
  uintptr_t start, end;
  uint64_t offset;
  const char *path;
};

static const char *hexadecimal(const char *text, uint64_t *value) {
  *value = 0;
  for (;; text++) {
    int digit = *text >= '0' && *text <= '9' ? *text - '0' : *text >= 'a' && *text <= 'f' ? *text - 'a' + 10 : -1;
    if (digit < 0) return text;
    *value = *value << 4 | (uint64_t)digit;
  }
}

// Nonzero for a line that maps a file.
static int parse(const char *line, struct mapping *found) {
  uint64_t start, end;
  line = hexadecimal(line, &start);
  if (*line++ != '-') return 0;
  line = hexadecimal(line, &end);
  found->start = (uintptr_t)start;
  found->end = (uintptr_t)end;
  // Permissions.
  while (*line == ' ') line++;
  while (*line && *line != ' ') line++;
  while (*line == ' ') line++;
  hexadecimal(line, &found->offset);
  found->path = strchr(line, '/');
  return found->path != NULL;
}

// The file mapped at `address`; its path lies in `line`.
static int find(uintptr_t address, char *line, size_t capacity, struct mapping *found) {
  int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  static char chunk[4096];
  size_t length = 0;
  int result = 0;
  for (;;) {
    ssize_t count = read(fd, chunk, sizeof chunk);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    for (ssize_t i = 0; i < count && !result; i++) {
      if (chunk[i] != '\n') {
        if (length + 1 < capacity) line[length++] = chunk[i];
        continue;
      }
      line[length] = 0;
      length = 0;
      result = parse(line, found) && found->start <= address && address < found->end;
    }
    if (result) break;
  }
  close(fd);
  return result;
}

static int ends_with(const char *text, const char *end) {
  size_t length = strlen(text), tail = strlen(end);
  return length >= tail && memcmp(text + length - tail, end, tail) == 0;
}

static void say(const char *text) {
  size_t length = strlen(text);
  while (length > 0) {
    ssize_t count = write(2, text, length);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return;
    text += count;
    length -= (size_t)count;
  }
}

// A path may hold bytes that a terminal would obey: control characters, and those of U+0080 … U+009F.
static void make_printable(char *path) {
  for (unsigned char *byte = (unsigned char *)path; *byte; byte++) {
    if (*byte < 0x20 || *byte == 0x7F) *byte = '?';
    if (*byte == 0xC2 && byte[1] >= 0x80 && byte[1] < 0xA0) byte[0] = byte[1] = '?';
  }
}

void ct_mapped_report(const siginfo_t *info) {
  if (info->si_code <= 0) return;
  static char line[8192];
  struct mapping found;
  // The first thread speaks; others that touch the same file wait for the end.
  if (atomic_exchange(&reporting, 1)) {
    for (;;) pause();
  }
  if (!find((uintptr_t)info->si_addr, line, sizeof line, &found)) {
    atomic_store(&reporting, 0);
    return;
  }
  struct stat status;
  uint64_t place = found.offset + ((uintptr_t)info->si_addr - found.start);
  int is_shorter = stat(found.path, &status) != 0 || (uint64_t)status.st_size <= place;
  int is_model = ends_with(found.path, ".safetensors") || ends_with(found.path, ".json");
  make_printable(line);
  ct_guard_leave();
  ct_capture_abandon();
  say("error: ");
  say(found.path);
  say(is_shorter ? " became shorter while it was read; a file that is in use must not be written over in place\n"
                 : " cannot be read: its disk reports an error\n");
  _exit(!is_shorter ? 5 : is_model ? 4 : 3);
}

static void on_bus(int signal, siginfo_t *info, void *context) {
  (void)context;
  ct_mapped_report(info);
  // Something else: as it would have been without this handler. It strikes again on return.
  sigaction(signal, &before, NULL);
  if (info->si_code <= 0) raise(signal);
}

void ct_mapped_guard(void) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = on_bus;
  action.sa_flags = SA_ONSTACK | SA_SIGINFO;
  sigemptyset(&action.sa_mask);
  sigaction(SIGBUS, &action, &before);
}
