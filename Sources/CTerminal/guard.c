#define _GNU_SOURCE
#include "cterminal.h"
#include "mapped.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <termios.h>
#include <unistd.h>

// Everything a handler touches is set before the handlers are installed and is only read afterwards, or is atomic.
static int terminal = -1;
static int waker = -1;
static struct termios cooked;
static char leave_text[512];
static size_t leave_length;
static atomic_int entered;     // the terminal is in the screen's mode
static atomic_uint flags;      // ct_flag_ bits
static atomic_int first_stop;  // first TERM, HUP or INT
static atomic_int unread_stop;
static atomic_int guarding;

static const int fatal[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT, SIGQUIT};
static const int stops[] = {SIGTERM, SIGHUP, SIGINT};
static const int notes[] = {SIGWINCH, SIGTSTP, SIGCONT};
enum { fatal_count = 8, stop_count = 3, note_count = 3 };
static struct sigaction old_fatal[fatal_count], old_stops[stop_count], old_notes[note_count], old_alarm;


// Sets the terminal's mode although the process may be in the background, where SIGTTOU would stop it.
static void set_mode(const struct termios *mode) {
  sigset_t block, previous;
  sigemptyset(&block);
  sigaddset(&block, SIGTTOU);
  pthread_sigmask(SIG_BLOCK, &block, &previous);
  tcsetattr(terminal, TCSANOW, mode);
  pthread_sigmask(SIG_SETMASK, &previous, NULL);
}

static void put(const char *bytes, size_t count) {
  while (count > 0) {
    ssize_t written = write(terminal, bytes, count);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    bytes += written;
    count -= (size_t)written;
  }
}

void ct_guard_leave(void) {
  int saved = errno;
  if (atomic_exchange(&entered, 0)) {
    put(leave_text, leave_length);
    set_mode(&cooked);
  }
  errno = saved;
}

// Dies of `signal`, so that the parent sees the true status.
static void die_of(int signal) {
  ct_guard_leave();
  ct_capture_abandon();
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = SIG_DFL;
  sigemptyset(&action.sa_mask);
  sigaction(signal, &action, NULL);
  sigset_t only;
  sigemptyset(&only);
  sigaddset(&only, signal);
  pthread_sigmask(SIG_UNBLOCK, &only, NULL);
  raise(signal);
  _exit(128 + signal);
}

static void on_fatal(int signal, siginfo_t *info, void *context) {
  (void)context;
  // A person who asks for an end gets it at once; a crash goes on to whoever reported crashes before, such as Swift's
  // backtraces.
  // Sent from outside, the signal would not strike again when such a reporter returns, and the process would run on.
  if (signal == SIGBUS) ct_mapped_report(info);
  if (signal == SIGQUIT || (info->si_code == SI_USER && info->si_pid != getpid())) die_of(signal);
  ct_guard_leave();
  ct_capture_abandon();
  for (int i = 0; i < fatal_count; i++) {
    if (fatal[i] == signal) sigaction(signal, &old_fatal[i], NULL);
  }
  // Blocked while this handler runs: it strikes on return, and so does a fault that is run again.
  raise(signal);
}

static void on_stop(int signal) {
  int saved = errno;
  int none = 0;
  if (!atomic_compare_exchange_strong(&first_stop, &none, signal)) die_of(signal);
  atomic_store(&unread_stop, signal);
  alarm(10);
  ct_wake(waker);
  errno = saved;
}

static void on_alarm(int signal) {
  (void)signal;
  int first = atomic_load(&first_stop);
  if (first != 0) die_of(first);
}

static void on_note(int signal) {
  int saved = errno;
  unsigned flag = signal == SIGWINCH ? ct_flag_resized : signal == SIGTSTP ? ct_flag_suspend : ct_flag_continued;
  atomic_fetch_or(&flags, flag);
  ct_wake(waker);
  errno = saved;
}

int ct_guard_save(int tty) {
  if (tcgetattr(tty, &cooked) != 0) return -1;
  terminal = tty;
  return 0;
}

// A handler of a stack overflow needs a stack of its own; the screen's thread, which calls this, gets one.
static void give_stack(void) {
  static char stack[64 * 1024];
  stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
  stack_t present;
  if (sigaltstack(NULL, &present) == 0 && (present.ss_flags & SS_DISABLE)) sigaltstack(&alternate, NULL);
}

static void install_fatal(int signal, struct sigaction *old) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = on_fatal;
  action.sa_flags = SA_ONSTACK | SA_SIGINFO;
  sigemptyset(&action.sa_mask);
  sigaction(signal, &action, old);
}

static void install(int signal, void (*handler)(int), int options, struct sigaction *old) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = handler;
  action.sa_flags = options;
  sigemptyset(&action.sa_mask);
  sigaction(signal, &action, old);
  // nohup and background shells ignore a signal on purpose: leave it so.
  if (old != NULL && old->sa_handler == SIG_IGN && (signal == SIGHUP || signal == SIGINT)) sigaction(signal, old, NULL);
}

void ct_guard_begin(const char *leave, size_t length, int wake) {
  static int registered = 0;
  if (length > sizeof leave_text) length = sizeof leave_text;
  memcpy(leave_text, leave, length);
  leave_length = length;
  waker = wake;
  atomic_store(&flags, 0);
  atomic_store(&first_stop, 0);
  atomic_store(&unread_stop, 0);
  atomic_store(&entered, 1);
  if (!registered) {
    registered = 1;
    atexit(ct_guard_leave);
  }
  give_stack();
  for (int i = 0; i < fatal_count; i++) install_fatal(fatal[i], &old_fatal[i]);
  for (int i = 0; i < stop_count; i++) install(stops[i], on_stop, SA_RESTART, &old_stops[i]);
  for (int i = 0; i < note_count; i++) install(notes[i], on_note, SA_RESTART, &old_notes[i]);
  install(SIGALRM, on_alarm, SA_RESTART, &old_alarm);
  atomic_store(&guarding, 1);
}

void ct_guard_end(void) {
  if (!atomic_exchange(&guarding, 0)) return;
  alarm(0);
  ct_guard_leave();
  for (int i = 0; i < fatal_count; i++) sigaction(fatal[i], &old_fatal[i], NULL);
  for (int i = 0; i < stop_count; i++) sigaction(stops[i], &old_stops[i], NULL);
  for (int i = 0; i < note_count; i++) sigaction(notes[i], &old_notes[i], NULL);
  sigaction(SIGALRM, &old_alarm, NULL);
  waker = -1;
}

unsigned ct_guard_take_flags(void) { return atomic_exchange(&flags, 0); }

int ct_guard_take_signal(void) { return atomic_exchange(&unread_stop, 0); }

void ct_guard_suspend(void) {
  ct_guard_leave();
  struct sigaction action, handler;
  memset(&action, 0, sizeof action);
  action.sa_handler = SIG_DFL;
  sigemptyset(&action.sa_mask);
  sigaction(SIGTSTP, &action, &handler);
  // Sent to this thread, so that it cannot run on before it takes effect; a stop always takes the whole process.
  raise(SIGTSTP);
  sigaction(SIGTSTP, &handler, NULL);
  atomic_store(&entered, 1);
}
