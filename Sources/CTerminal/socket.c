#define _GNU_SOURCE
#include "cterminal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

// A socket's path may have 107 bytes only; through the folder's descriptor it is short wherever the folder lies.
static int open_socket(const char *folder, const char *name, int listens) {
  int directory = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return -1;
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  int length = snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%s", directory, name);
  int done = fd >= 0 && length > 0 && (size_t)length < sizeof address.sun_path;
  if (done && listens) {
    if (unlinkat(directory, name, 0) < 0 && errno != ENOENT) done = 0;
    // On Linux the mode of the unbound socket is that of the file, so nobody else can connect at any moment.
    done = done && fchmod(fd, S_IRUSR | S_IWUSR) == 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0 &&
           listen(fd, 8) == 0;
  } else if (done) {
    done = connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
  }
  int saved = errno;
  close(directory);
  if (!done && fd >= 0) close(fd);
  errno = saved;
  return done ? fd : -1;
}

int ct_socket_listen(const char *folder, const char *name) { return open_socket(folder, name, 1); }

int ct_socket_connect(const char *folder, const char *name) { return open_socket(folder, name, 0); }

int ct_socket_peer(int fd, int *pid, unsigned *uid) {
  struct ucred peer;
  socklen_t length = sizeof peer;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0) return -1;
  *pid = peer.pid;
  *uid = peer.uid;
  return 0;
}

int ct_socket_accept(int fd) {
  int result;
  do result = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
  while (result < 0 && (errno == EINTR || errno == ECONNABORTED));
  return result;
}

int ct_socket_send(int fd, const char *bytes, size_t count) {
  // A reader that does not read is not waited for.
  return send(fd, bytes, count, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)count ? 0 : -1;
}

void ct_socket_hang_up(int fd) { shutdown(fd, SHUT_RDWR); }
