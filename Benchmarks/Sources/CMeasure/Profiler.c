// SIGPROF goes to the thread that was running when the tick came. The handler only stores a word.
#define _GNU_SOURCE
#include "CMeasure.h"

#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <ucontext.h>

enum { CAPACITY = 1 << 20 };
static uintptr_t samples[CAPACITY];
static int64_t taken;

static void sample(int number, siginfo_t *info, void *context) {
  (void)number;
  (void)info;
  const ucontext_t *state = context;
#if defined(__x86_64__)
  const uintptr_t counter = (uintptr_t)state->uc_mcontext.gregs[REG_RIP];
#elif defined(__aarch64__)
  const uintptr_t counter = (uintptr_t)state->uc_mcontext.pc;
#else
  const uintptr_t counter = 0;
#endif
  const int64_t index = __atomic_fetch_add(&taken, 1, __ATOMIC_RELAXED);
  if (index < CAPACITY) samples[index] = counter;
}

int cm_profile_start(void) {
  __atomic_store_n(&taken, 0, __ATOMIC_RELAXED);
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = sample;
  action.sa_flags = SA_SIGINFO | SA_RESTART;
  if (sigaction(SIGPROF, &action, NULL) != 0) return -1;
  const struct itimerval every = {{0, 1000}, {0, 1000}};
  return setitimer(ITIMER_PROF, &every, NULL);
}

int64_t cm_profile_stop(void) {
  const struct itimerval never = {{0, 0}, {0, 0}};
  setitimer(ITIMER_PROF, &never, NULL);
  // A tick may still be on its way: the default action would end the process.
  signal(SIGPROF, SIG_IGN);
  const int64_t count = __atomic_load_n(&taken, __ATOMIC_RELAXED);
  return count < CAPACITY ? count : CAPACITY;
}

const uintptr_t *cm_profile_samples(void) { return samples; }
