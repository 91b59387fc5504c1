#define _GNU_SOURCE
#include "CProcess.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

// Lives until the caller lets go of the lock: all of them at once.
static void *stay(void *unused) {
  (void)unused;
  pthread_mutex_lock(&lock);
  pthread_mutex_unlock(&lock);
  return NULL;
}

int32_t cp_threads(int32_t wanted) {
  if (wanted <= 0) return 0;
  pthread_t *threads = calloc((size_t)wanted, sizeof *threads);
  if (!threads) return 0;
  // No signal is for them.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int32_t made = 0;
  pthread_mutex_lock(&lock);
  while (made < wanted && pthread_create(&threads[made], NULL, stay, NULL) == 0) made++;
  pthread_mutex_unlock(&lock);
  for (int32_t i = 0; i < made; i++) pthread_join(threads[i], NULL);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  free(threads);
  return made;
}
