#define _GNU_SOURCE
#include "cterminal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>

extern char **environ;

enum { most_arguments = 32 };

int ct_spawn_detached(const char *arguments, const char *log) {
  char *list[most_arguments + 1];
  int count = 0;
  for (const char *at = arguments; *at != 0 && count < most_arguments; at += strlen(at) + 1) list[count++] = (char *)at;
  list[count] = NULL;
  if (count == 0) {
    errno = EINVAL;
    return -1;
  }
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&files);
  posix_spawnattr_init(&attributes);
  posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&files, 2, log, O_WRONLY | O_CREAT | O_APPEND, 0644);
  // Its own session: closing the terminal sends it no signal. Signals begin as in a fresh shell.
  sigset_t all, none;
  sigfillset(&all);
  sigemptyset(&none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  pid_t pid = -1;
  int problem = posix_spawn(&pid, list[0], &files, &attributes, list, environ);
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&attributes);
  errno = problem;
  return problem == 0 ? pid : -1;
}
