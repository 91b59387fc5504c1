// The parts of owning a terminal that must be async-signal-safe or need C: putting the terminal back whatever happens,
// capturing file descriptors 1 and 2, waking a poll loop, and measuring a character's width.
#ifndef WORKBENCH_CTERMINAL_H
#define WORKBENCH_CTERMINAL_H

#include <stddef.h>
#include <stdint.h>

// MARK: width.c

/// Columns that `scalar` takes on a terminal: 0 (combining), 1 or 2; -1 where it is not printable.
/// Always by the UTF-8 character type, whatever the process's locale is.
int ct_width(uint32_t scalar);

// MARK: wake.c

/// A descriptor that becomes readable after `ct_wake`; -1 on failure.
int ct_wake_open(void);
/// Async-signal-safe, callable from any thread, never blocks.
void ct_wake(int fd);
/// Makes the descriptor unreadable again.
void ct_wake_clear(int fd);

// MARK: capture.c

/// Points descriptors 1 and 2, those of them that are terminals, at a pipe. Returns the pipe's reading end, or -1.
int ct_capture_begin(void);
/// Reads captured bytes, waiting for some; returns their count, 0 once the capture has ended.
/// The last few kilobytes are kept, so that a crash can still show them.
long ct_capture_read(int fd, char *buffer, size_t capacity);
/// Points 1 and 2 back at the terminal and closes the pipe's writing end.
void ct_capture_end(void);
/// For a dying process: points 1 and 2 back and writes what was captured last to the real standard error.
/// Async-signal-safe.
void ct_capture_abandon(void);

// MARK: guard.c

enum {
  ct_flag_resized = 1,    // SIGWINCH
  ct_flag_suspend = 2,    // SIGTSTP: call ct_guard_suspend
  ct_flag_continued = 4,  // SIGCONT: paint everything anew
};

/// Remembers the terminal's present mode. Call before anything changes it. Returns 0, or -1 if `tty` is no terminal.
int ct_guard_save(int tty);

/// From here on the terminal is put back (`leave` is written, the saved mode is set) on exit(), on SEGV, BUS, FPE, ILL,
/// TRAP, SYS, ABRT and QUIT, which then die as they would have, and on a second TERM, HUP or INT or 10 s after the first.
/// The first TERM, HUP or INT is only noted, for `ct_guard_take_signal`. `wake` is woken at every signal.
void ct_guard_begin(const char *leave, size_t length, int wake);

/// The terminal is back already: no handler acts any more, and the old ones are restored.
void ct_guard_end(void);

/// ct_flag_ bits since the last call.
unsigned ct_guard_take_flags(void);

/// The first TERM, HUP or INT since the last call, or 0.
int ct_guard_take_signal(void);

/// Puts the terminal back and stops the process, as Ctrl-Z asks; returns when it is continued.
void ct_guard_suspend(void);

/// Puts the terminal back. Async-signal-safe.
void ct_guard_leave(void);

// MARK: stream.c

/// Writes all bytes, however many calls that takes. 0, or the errno of the call that failed.
int ct_write_all(int fd, const void *bytes, size_t count);
/// Waits for bytes; their count, 0 at the end, -1 with errno set.
long ct_read(int fd, void *buffer, size_t capacity);

// MARK: mapped.c

/// From here on a file that becomes shorter while it is read through a memory map ends the process with one sentence that
/// names it: exit code 4 for a model's file (.safetensors, .json), 3 for another one, 5 where the disk failed. A terminal
/// in the screen's mode is put back first. Any other SIGBUS acts as before.
void ct_mapped_guard(void);

// MARK: socket.c

/// A Unix domain socket `folder`/`name` that only this user can connect to; a file of that name is replaced.
/// Returns the descriptor, or -1 with errno set.
int ct_socket_listen(const char *folder, const char *name);
/// Connects to the same; -1 with errno set.
int ct_socket_connect(const char *folder, const char *name);
/// The next connection; -1 once the socket is hung up.
int ct_socket_accept(int fd);
/// The process at the other end and its user; -1 on failure.
int ct_socket_peer(int fd, int *pid, unsigned *uid);
/// 0 if all was sent; -1 where the other end is gone or does not read. Never waits, never raises SIGPIPE.
int ct_socket_send(int fd, const char *bytes, size_t count);
/// Ends the connection; whoever waits in it returns.
void ct_socket_hang_up(int fd);

// MARK: spawn.c

/// Starts a program that outlives this one and its terminal: in a session of its own, without input, its standard error
/// appended to the file `log`. `arguments`: the program's path and its arguments, each ended by a NUL, and one more NUL.
/// Returns its process number, or -1 with errno set.
int ct_spawn_detached(const char *arguments, const char *log);

#endif
