#define _GNU_SOURCE
#include "CMeasure.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

// All that can allocate is done before the fork: the parent has other threads.
int cm_spawn(const char *const argv[], const char *folder, int terminal, int *output) {
  int ends[2];
  if (terminal) {
    ends[0] = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (ends[0] < 0 || grantpt(ends[0]) != 0 || unlockpt(ends[0]) != 0) return -1;
    ends[1] = open(ptsname(ends[0]), O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (ends[1] < 0) return -1;
    const struct winsize size = {.ws_row = 40, .ws_col = 120};
    ioctl(ends[1], TIOCSWINSZ, &size);
    setenv("TERM", "xterm-256color", 1);
    setenv("LANG", "C.UTF-8", 1);
  } else if (pipe2(ends, O_CLOEXEC) != 0) {
    return -1;
  }
  const int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
  const pid_t pid = fork();
  if (pid == 0) {
    setsid();
    if (terminal) ioctl(ends[1], TIOCSCTTY, 0);
    dup2(terminal ? ends[1] : nowhere, 0);
    dup2(ends[1], 1);
    dup2(terminal ? ends[1] : nowhere, 2);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (folder && chdir(folder) != 0) _exit(127);
    execv(argv[0], (char *const *)argv);
    _exit(127);
  }
  close(ends[1]);
  close(nowhere);
  *output = ends[0];
  return pid;
}

int cm_wait(int pid, int64_t *peak_memory) {
  int status = 0;
  struct rusage usage;
  if (wait4(pid, &status, 0, &usage) != pid) return -1;
  *peak_memory = (int64_t)usage.ru_maxrss * 1024;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
